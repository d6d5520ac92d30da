"""A run whose outcome was unknown is resolved by one more record, as real processes do it."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rehearsal import Machine, Onbox, Run

NOTE = "The MFA tokens are there."


def resolve(onbox: Onbox, run: str, *more: str, outcome: str = "success", note: str = NOTE) -> Run:
    """Resolve *run* without a terminal."""
    return onbox.without_terminal("audit", "resolve", run, "--outcome", outcome, "--note", note, *more)


def unknown(appliance: Machine, onbox: Onbox) -> str:
    """Run onbox with an answer of rsautil that nobody knows, and return the run."""
    appliance.behave(update="no-output")
    assert 6 == onbox("resync").exit_code
    return str(appliance.journal()[-1]["run"])


def cut_off(appliance: Machine, onbox: Onbox, torn: bytes = b"") -> str:
    """Run onbox, take its result from the journal as if the power had failed, and return the run."""
    assert 0 == onbox("resync").exit_code
    path = appliance.audit / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + torn)
    (appliance.audit / "tip.json").unlink()
    return str(json.loads(lines[0])["run"])


def test_unknown_run_is_resolved_by_a_record_more(appliance: Machine, onbox: Onbox) -> None:
    """The records so far stay as they are, and the new one says who found out what and how."""
    run = unknown(appliance, onbox)
    before = appliance.journal()
    done = resolve(onbox, run[:8], "--json")
    found = json.loads(done.screen)

    assert (0, run, "success") == (done.exit_code, found["run"], found["outcome"])
    assert f"The run {run} of ocadmin (20" in found["message"]
    assert before == appliance.journal()[:-1]
    last = appliance.journal()[-1]
    assert (run, "run.resolved", "success", "run-resolved", NOTE) == tuple(
        last[name] for name in ("run", "event", "outcome", "code", "note")
    )
    assert last["actor"]["uid"] == before[-1]["actor"]["uid"]
    assert last["prev"] == before[-1]["hash"]


def test_run_is_resolved_once(appliance: Machine, onbox: Onbox) -> None:
    """A run with a known outcome is not open, and cannot be resolved into its contrary."""
    run = unknown(appliance, onbox)
    resolve(onbox, run)
    done = resolve(onbox, run, outcome="failure")

    assert 2 == done.exit_code
    assert "its outcome is success (run-resolved)" in done.errors
    assert 1 == sum(record["event"] == "run.resolved" for record in appliance.journal())


def test_accepted_run_is_resolved(appliance: Machine, onbox: Onbox) -> None:
    """Rsautil accepted the update without a proof: somebody can record whether the tokens came back."""
    appliance.behave(update="no-notice")
    assert 0 == onbox("resync").exit_code
    run = appliance.journal()[-1]["run"]
    assert [] == json.loads(onbox.without_terminal("status", "--json").screen)["open"]

    assert 0 == resolve(onbox, run, outcome="failure").exit_code
    assert ("run.resolved", "failure") == (appliance.journal()[-1]["event"], appliance.journal()[-1]["outcome"])
    assert 2 == resolve(onbox, run).exit_code


def test_run_that_was_cut_off_is_abandoned_first(appliance: Machine, onbox: Onbox) -> None:
    """After a power loss an incomplete record is moved aside and the attempt abandoned, as the next run would do it."""
    run = cut_off(appliance, onbox, torn=b'{"actor":')
    done = resolve(onbox, run)

    assert 0 == done.exit_code
    assert "The last record was incomplete" in done.screen
    assert "has no result" in " ".join(done.screen.split())
    expected = ["admin.verified", "resync.attempt", "journal.repaired", "run.abandoned", "run.resolved"]
    assert expected == [record["event"] for record in appliance.journal()]

    appliance.behave(update="documented")
    onbox("resync")

    assert "run.abandoned" not in [record["event"] for record in appliance.journal()[5:]]


def test_run_that_changed_nothing_is_not_open(appliance: Machine, onbox: Onbox) -> None:
    """A dry run, a refusal and a confirmed update have nothing to resolve."""
    assert 0 == onbox("resync", "--dry-run").exit_code
    assert 3 == onbox("resync", "--confirm", "elsewhere").exit_code
    assert 0 == onbox("resync").exit_code
    dry, refused, *_, confirmed = (record["run"] for record in appliance.journal())

    assert "it tried no update" in resolve(onbox, dry).errors
    assert "its outcome is refused (not-confirmed)" in resolve(onbox, refused).errors
    assert "its outcome is success (update-confirmed)" in resolve(onbox, confirmed).errors
    assert 5 == len(appliance.journal())


def test_unknown_id_makes_no_journal(appliance: Machine, onbox: Onbox) -> None:
    """Before the first run there is nothing to resolve, and looking for it leaves nothing behind."""
    done = resolve(onbox, "1a2b3c4d")

    assert 2 == done.exit_code
    assert "1a2b3c4d" in done.errors
    assert [] == list(appliance.audit.iterdir())


@pytest.mark.parametrize(("note", "words"), [("", "is missing"), (" ", "is missing"), ("x" * 401, "longer than")])
def test_note_says_something_short(onbox: Onbox, note: str, words: str) -> None:
    """How the outcome was found out is asked for, and fits into a record."""
    done = resolve(onbox, "1a2b3c4d", note=note)

    assert 2 == done.exit_code
    assert words in done.errors


def test_run_under_way_is_not_resolved(appliance: Machine, onbox: Onbox) -> None:
    """Nobody calls the outcome of a run that is still changing something."""
    run = cut_off(appliance, onbox)
    with (appliance.audit / "run.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = resolve(onbox, run)

    assert 3 == done.exit_code
    assert f"process {os.getpid()}" in done.errors
    assert 2 == len(appliance.journal())


def test_what_went_wrong_beside_it_is_a_warning(appliance: Machine, onbox: Onbox) -> None:
    """The resolution is recorded, and the person learns that there is no syslog copy and a second name."""
    run = unknown(appliance, onbox)
    gone = appliance.folder / "log"
    appliance.config.write_text(appliance.config.read_text().replace('syslog = ""', f'syslog = "{gone}"'))
    (appliance.folder / "other").hardlink_to(appliance.audit / "audit.jsonl")
    done = resolve(onbox, run)

    assert 0 == done.exit_code
    assert "The syslog copy was not sent" in " ".join(done.screen.split())
    assert "has 2 names" in " ".join(done.screen.split())


@pytest.mark.root
def test_only_the_owner_of_the_journal_resolves(
    appliance: Machine, onbox: Onbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record must name the account that runs onbox: even root, who could write it, adds none."""
    run = unknown(appliance, onbox)
    before = appliance.journal()
    os.chown(appliance.config, 0, 0)
    monkeypatch.setattr("rehearsal.without_rights", list)
    done = resolve(onbox, run)

    assert 5 == done.exit_code
    assert "not to you (0)" in done.errors
    assert before == appliance.journal()
