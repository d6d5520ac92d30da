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


def test_unknown_run_is_resolved_once(appliance: Machine, onbox: Onbox) -> None:
    """The records so far stay as they are, the new one says who found out what and how, and flaws are warnings."""
    run = unknown(appliance, onbox)
    before = appliance.journal()
    gone = appliance.folder / "log"
    appliance.config.write_text(appliance.config.read_text().replace('syslog = ""', f'syslog = "{gone}"'))
    (appliance.folder / "other").hardlink_to(appliance.audit / "audit.jsonl")
    done = resolve(onbox, run[:8], "--json")
    found = json.loads(done.screen)

    assert (0, run, "success") == (done.exit_code, found["run"], found["outcome"])
    assert "has 2 names" in found["warnings"][0]
    assert "The syslog copy was not sent" in found["warnings"][1]
    assert f"The run {run} of ocadmin (20" in found["message"]
    assert before == appliance.journal()[:-1]
    last = appliance.journal()[-1]
    assert (run, "run.resolved", "success", "run-resolved", NOTE) == tuple(
        last[name] for name in ("run", "event", "outcome", "code", "note")
    )
    assert last["actor"]["uid"] == before[-1]["actor"]["uid"]
    assert last["prev"] == before[-1]["hash"]

    again = resolve(onbox, run, outcome="failure")
    assert 2 == again.exit_code
    assert "its outcome is success (run-resolved)" in again.errors
    assert last == appliance.journal()[-1]


def test_accepted_run_is_resolved(appliance: Machine, onbox: Onbox) -> None:
    """Rsautil accepted the update without a proof: somebody can record whether the tokens came back."""
    appliance.behave(update="no-notice")
    assert 0 == onbox("resync").exit_code
    run = appliance.journal()[-1]["run"]
    assert [] == json.loads(onbox.without_terminal("status", "--json").screen)["open"]

    assert 0 == resolve(onbox, run, outcome="failure").exit_code
    assert ("run.resolved", "failure") == (appliance.journal()[-1]["event"], appliance.journal()[-1]["outcome"])


def test_run_that_was_cut_off_is_abandoned_first(appliance: Machine, onbox: Onbox) -> None:
    """After a power loss an incomplete record is moved aside and the attempt abandoned, as the next run would do it.

    A run that may still be changing something is not resolved.
    """
    assert 0 == onbox("resync").exit_code
    path = appliance.audit / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + b'{"actor":')
    (appliance.audit / "tip.json").unlink()
    run = str(json.loads(lines[0])["run"])
    with (appliance.audit / "run.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = resolve(onbox, run)
    assert 3 == done.exit_code
    assert f"process {os.getpid()}" in done.errors

    done = resolve(onbox, run)

    assert 0 == done.exit_code
    assert "The last record was incomplete" in done.screen
    assert "has no result" in " ".join(done.screen.split())
    expected = ["admin.verified", "resync.attempt", "journal.repaired", "run.abandoned", "run.resolved"]
    assert expected == [record["event"] for record in appliance.journal()]
    assert appliance.journal()[3]["message"].startswith("The run of ocadmin (20")


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


WRONG = [("", "is missing"), (" ", "is missing"), ("x" * 401, "longer than"), (NOTE, "1a2b3c4d")]


@pytest.mark.parametrize(("note", "words"), WRONG)
def test_wrong_usage_makes_no_journal(note: str, words: str, appliance: Machine, onbox: Onbox) -> None:
    """How the outcome was found out is asked for, and fits into a record; no run has the ID before the first run."""
    appliance.audit.rmdir()
    done = resolve(onbox, "1a2b3c4d", note=note)

    assert 2 == done.exit_code
    assert words in done.errors
    assert not appliance.audit.exists()


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


def test_audit_folder_out_of_reach(appliance: Machine, onbox: Onbox) -> None:
    """An account that cannot reach the audit folder is told so."""
    closed = appliance.folder / "closed"
    closed.mkdir(mode=0)
    appliance.configure(closed / "audit")

    refused = resolve(onbox, "x")

    assert 5 == refused.exit_code
    assert "cannot be used: Permission denied" in refused.errors
