"""The job as a whole: each step is recorded, nothing is claimed without proof, and every way out is one of a few."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from appliance.make import ADMIN, MARKER_TIME, PASSWORD
from faults.scene import Scene
from faults.watch import wait_until

from onbox.audit.journal import Journal
from onbox.resync import job
from onbox.rsautil import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal import Machine, Onbox

SHARED = ("run", "outcome", "code", "message", "seq", "hash")


@pytest.fixture
def scene(onbox: Onbox) -> Iterator[Scene]:
    """Return a scene in which a run can be stopped at a place."""
    with Scene(onbox) as scene:
        yield scene


def events(machine: Machine) -> list[tuple[str, str]]:
    """Return what is on record: the events and their outcomes."""
    return [(record["event"], record["outcome"]) for record in machine.journal()]


def test_success(onbox: Onbox) -> None:
    """The administrator is verified, the attempt is on record before the one update, and the result after it."""
    run = onbox("resync", "--ticket", "CHG-1")

    assert 0 == run.exit_code
    assert [("admin.verified", "success"), ("resync.attempt", "unknown"), ("resync.result", "success")] == events(
        onbox.machine
    )
    check, update = onbox.machine.calls()
    assert ["manage-secrets", "store"] == [check.argv[0], update.argv[0]]
    assert list(commands.update_arguments(ADMIN)) == update.argv
    assert "0" == onbox.machine.marker()
    _, attempt, result = onbox.machine.journal()
    assert commands.CHANGE == attempt["change"] == result["change"]
    assert [None, 0] == [attempt["process"]["exit_code"], result["process"]["exit_code"]]
    assert update.argv == attempt["process"]["argv"][1:] == result["process"]["argv"][1:]
    assert 1 == len({record["run"] for record in onbox.machine.journal()})
    assert PASSWORD not in run.screen + str(onbox.machine.journal())


@pytest.mark.parametrize(
    ("variant", "exit_code", "outcome", "kept"),
    [
        ("documented", 0, "success", True),
        ("no-notice", 0, "success", True),
        ("missing-error", 1, "failure", True),
        ("missing-notice", 6, "unknown", True),
        ("sql-error", 1, "failure", True),
        ("no-output", 6, "unknown", True),
        ("killed-after-change", 6, "unknown", True),
    ],
)
def test_result(onbox: Onbox, variant: str, exit_code: int, outcome: str, kept: bool) -> None:
    """The record, the person and the exit code say the same; what was not confirmed keeps its transcript."""
    onbox.machine.behave(update=variant)

    run = onbox("resync")

    assert exit_code == run.exit_code
    result = onbox.machine.journal()[-1]
    assert ("resync.result", outcome) == (result["event"], result["outcome"])
    assert "".join(result["message"].split()) in "".join(run.screen.split())
    assert kept == bool(result["transcript"])


def test_killed(onbox: Onbox) -> None:
    """A run that was killed after its attempt is settled by the next one, which the person is told."""
    onbox.machine.behave(update="never-ends", seconds=3)
    child = onbox.spawn("resync", "-o", ADMIN, "--reason", "users-found", "--confirm", os.uname().nodename)
    child.expect("Password of")
    child.sendline(PASSWORD)
    wait_until(lambda: len(onbox.machine.calls()) == 2)
    child.kill(signal.SIGKILL)
    child.close()
    onbox.machine.behave(update="documented")

    run = onbox("resync")

    assert 0 == run.exit_code
    _, attempt, abandoned, *_ = onbox.machine.journal()
    assert ("run.abandoned", "unknown", attempt["run"]) == (
        abandoned["event"], abandoned["outcome"], abandoned["run"],
    )  # fmt: skip


def test_torn_record(onbox: Onbox) -> None:
    """A record that a power loss cut short is set aside, on record, before anything else is written."""
    Journal(onbox.machine.audit, onbox.machine.audit.stat().st_uid).close()
    (onbox.machine.audit / "audit.jsonl").write_text('{"torn')

    assert 0 == onbox("resync", "--dry-run").exit_code

    assert [("journal.repaired", "success"), ("admin.verified", "success")] == events(onbox.machine)
    assert ['{"torn'] == [path.read_text() for path in onbox.machine.audit.glob("torn-*")]


@pytest.mark.parametrize(
    ("spoil", "exit_code", "recorded"),
    [
        ("appliance", 3, True),
        ("unsafe", 3, True),
        ("settings", 2, False),
        ("journal", 5, False),
        ("journal and appliance", 3, False),
        ("syslog", 5, True),
    ],
)
def test_refused(onbox: Onbox, spoil: str, exit_code: int, recorded: bool) -> None:
    """A run that can't end well is refused before anything is asked or run, on record where a journal takes it."""
    if "appliance" in spoil:
        onbox.machine.rsautil.unlink()
    if spoil == "unsafe":
        onbox.machine.rsautil.chmod(0o777)
    if spoil == "settings":
        onbox.machine.config.write_text("[audits]")
    if "journal" in spoil:
        onbox.machine.audit.chmod(0o777)
    if spoil == "syslog":
        config = onbox.machine.config.read_text()
        onbox.machine.config.write_text(config.replace('syslog = ""', 'syslog = "/none"\nsyslog_required = true'))

    run = onbox("resync")

    assert exit_code == run.exit_code
    assert recorded == (("resync.refused", "refused") in events(onbox.machine))
    assert "Password" not in run.screen
    assert [] == onbox.machine.calls()
    assert MARKER_TIME == onbox.machine.marker()


@pytest.mark.parametrize(("arguments", "exit_code"), [((), 0), (("--dry-run",), 0), (("--note", "x" * 401), 2)])
def test_silent_syslog(onbox: Onbox, arguments: tuple[str, ...], exit_code: int) -> None:
    """However a run ends, the person learns that its records left no copy."""
    config = onbox.machine.config.read_text()
    onbox.machine.config.write_text(config.replace('syslog = ""', 'syslog = "/none"'))

    run = onbox("resync", *arguments)

    assert exit_code == run.exit_code
    assert "The syslog copy was not sent (/none" in run.screen


def test_receipt(onbox: Onbox) -> None:
    """Number and hash of the result are shown, for the change ticket."""
    run = onbox("resync")

    result = onbox.machine.journal()[-1]
    assert 3 == result["seq"]
    assert result["hash"] in "".join(run.screen.split())


def test_json_says_what_is_on_record(onbox: Onbox) -> None:
    """Outcome, code, number and hash are the same for a program and on record."""
    for update in ("documented", "no-output"):
        onbox.machine.behave(update=update)
        run = onbox("resync", "--json")

        said = json.loads(run.screen[run.screen.index('{"onbox"') :])
        record = onbox.machine.journal()[-1]
        assert [said[name] for name in SHARED] == [record[name] for name in SHARED]


ATTEMPT = "onbox.audit.journal:Journal.append 2 before"


def test_copy_required(scene: Scene) -> None:
    """If the syslog copy is required, there is no update without a copy of the attempt."""
    config = scene.machine.config
    config.write_text(config.read_text().replace("[timeouts]", "syslog_required = true\n[timeouts]"))

    shown = scene.stop_at(ATTEMPT, partial(scene.syslog.path.chmod, 0))

    assert 5 == shown.code
    assert ["admin.verified", "resync.attempt", "resync.result"] == [each["event"] for each in scene.journal()]
    assert "syslog-required" == scene.journal()[-1]["code"]
    assert ["manage-secrets"] == [call.argv[0] for call in scene.machine.calls()]


def test_refusal_unrecorded(scene: Scene) -> None:
    """A refusal stays one if the journal cannot take it, and the person is told."""
    child = scene.spawn()
    child.expect("Operations Console administrator: ")
    (scene.machine.audit / "audit.jsonl").unlink()
    child.sendintr()
    shown = scene.end(child)

    assert 130 == shown.code
    assert "This refusal could not be recorded. The audit journal" in " ".join(shown.screen.split())


def test_damaged_journal_is_told_once(scene: Scene) -> None:
    """A refusal that says why it cannot be recorded does not say it twice."""
    shown = scene.stop_at("onbox.resync.job:_attempt 1 before", (scene.machine.audit / "audit.jsonl").unlink)

    assert 5 == shown.code
    assert "could not be recorded" not in " ".join(shown.screen.split())


def test_refusal_that_breaks_the_log(scene: Scene) -> None:
    """An error of onbox itself while it records a refusal leaves exit code and reason as they are."""
    child = scene.spawn(plan="onbox.audit.record:sealed 1 before raise")
    child.expect("Operations Console administrator: ")
    child.sendintr()
    shown = scene.end(child)

    assert 130 == shown.code
    assert "This refusal could not be recorded (DisasterError)." in " ".join(shown.screen.split())


def test_failure_that_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the attempt the outcome is unknown, even if onbox can record nothing any more."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(job, "_recorded", fail)
    session: Any = SimpleNamespace(run="run-1", warnings=())

    assert "unexpected-after" == job._broken(session, Mock(), ValueError()).message.code
