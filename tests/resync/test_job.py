"""The job as a whole: each step on record, nothing claimed without proof, and every way out through one door."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from appliance.make import ADMIN, MARKER_TIME, PASSWORD
from onbox.diagnostics import Diagnostics
from rehearsal import SECONDS

from onbox.audit.journal import Journal
from onbox.audit.log import Trail
from onbox.errors import OnboxError
from onbox.identity import identify, this_host
from onbox.preflight import Subject, fingerprint
from onbox.resync import job
from onbox.resync.interrupts import Interrupts
from onbox.resync.session import Administrator, Request, Run
from onbox.rsautil import commands
from onbox.rsautil.commands import Answer, Verdict
from onbox.rsautil.terminal import Transcript
from onbox.screen.console import Console
from onbox.secret import Secret
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal import Machine, Onbox

CONFIRMED = Answer(Verdict("success", "update-confirmed"), ("NOTICE",), Transcript("exited", ("NOTICE",), exit_code=0))
WORKER = Administrator(ADMIN, Secret(PASSWORD))


def events(machine: Machine) -> list[tuple[str, str]]:
    """Return what is on record: the events and their outcomes."""
    return [(record["event"], record["outcome"]) for record in machine.journal()]


def test_success(onbox: Onbox) -> None:
    """The administrator is verified, the attempt is on record before the one update, and the result after it."""
    run = onbox("resync", "--ticket", "CHG-1")

    assert 0 == run.exit_code
    assert "Done: rsautil confirmed" in run.screen
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
        ("no-notice", 0, "success", True),
        ("missing-notice", 1, "failure", True),
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


def test_replaced_between(onbox: Onbox) -> None:
    """A rsautil that is not the one that was checked gets no password for the update."""
    for variant, exit_code in (("replaced", 3), ("removed", 3)):
        onbox.machine.behave(verify=variant)

        assert exit_code == onbox("resync").exit_code

        assert ("resync.refused", "refused") == events(onbox.machine)[-1]
    assert ["manage-secrets"] * 2 == [call.argv[0] for call in onbox.machine.calls()]


def test_killed(onbox: Onbox) -> None:
    """A run that was killed after its attempt is settled by the next one, which the person is told."""
    onbox.machine.behave(update="never-ends", seconds=3)
    child = onbox.spawn("resync", "-o", ADMIN, "--reason", "users-found", "--confirm", os.uname().nodename)
    child.expect("Password of")
    child.sendline(PASSWORD)
    child.expect("Update")
    while len(onbox.machine.calls()) < 2:
        pass
    child.kill(signal.SIGKILL)
    child.close()
    onbox.machine.behave(update="documented")

    run = onbox("resync")

    assert 0 == run.exit_code
    assert "has no result" in " ".join(run.screen.split())
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


@pytest.fixture
def run(appliance: Machine) -> Iterator[Run]:
    """Return what the steps of one run share, up to the confirmation."""
    subject = Subject(Settings(home=appliance.home, directory=appliance.audit, syslog=""), identify())
    with closing(Journal(appliance.audit, os.getuid())) as journal, Interrupts() as interrupts:
        trail = Trail(journal, subject.settings, subject.caller, this_host(), "run")
        yield Run(Request(), subject, this_host(), trail, Console(), interrupts, Diagnostics(verbose=False))


def raising(error: Exception) -> Any:
    """Return a function that fails."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_unexpected_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever breaks before the attempt, nothing was changed, and that is what is said."""
    monkeypatch.setattr(job, "identify", raising(RuntimeError("Sentinel-1!")))

    ending = job.resynchronise(Request(), Console(), Diagnostics(verbose=False))

    assert ("refused", 3, "onbox itself failed (RuntimeError).") == (
        ending.outcome, ending.message.exit_code, ending.message.what,
    )  # fmt: skip
    assert "Nothing was changed." == ending.message.changed


def test_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root is refused before anything is opened."""
    monkeypatch.setattr(os, "getuid", lambda: 0)

    ending = job.resynchronise(Request(), Console(), Diagnostics(verbose=False))

    assert ("refused", 3, "onbox is not run as root.") == (
        ending.outcome, ending.message.exit_code, ending.message.what,
    )  # fmt: skip


BROKEN = """
import sys
from onbox import cli
from onbox.rsautil import commands
def fail(*_):
    password = "Sentinel-1!"
    raise RuntimeError(password)
commands.update_marker_time = fail
sys.argv[0] = "onbox"
cli.main()
"""


def test_unexpected_after(onbox: Onbox) -> None:
    """Whatever breaks after the attempt, the outcome is unknown, and that goes on record."""
    start = onbox.command()
    place = start.index("-m")
    arguments = [*start[place + 2 :], "--verbose", "resync", "-o", ADMIN, "--reason", "users-found"]
    child = pexpect.spawn(
        start[0],
        [*start[1:place], "-c", BROKEN, *arguments, "--confirm", os.uname().nodename],
        env=onbox.environment(),
        cwd=onbox.home,
        encoding="utf-8",
        timeout=SECONDS,
    )
    child.expect("Password of")
    child.sendline(PASSWORD)
    child.expect(pexpect.EOF)
    child.close()

    assert 6 == child.exitstatus
    screen = child.before or ""
    assert "failed after the attempt (RuntimeError)" in " ".join(screen.split())
    assert "Sentinel-1!" not in screen + str(onbox.machine.journal())
    assert [("admin.verified", "success"), ("resync.attempt", "unknown"), ("resync.result", "unknown")] == events(
        onbox.machine
    )


def test_unexpected_and_unrecorded(run: Run, appliance: Machine) -> None:
    """What can't even be recorded then is told all the same; the next run reports it."""
    (appliance.audit / "audit.jsonl").unlink()

    ending = job._broken(run.trail, RuntimeError("Sentinel-1!"), "run")

    assert ("unknown", 6) == (ending.outcome, ending.message.exit_code)


def test_result_unrecorded(run: Run, appliance: Machine) -> None:
    """A result that the journal can't take is handed to the person, and its outcome is not called known."""
    (appliance.audit / "audit.jsonl").unlink()

    ending = job._result(run, WORKER, CONFIRMED, "run")

    assert ("unknown", 6) == (ending.outcome, ending.message.exit_code)
    assert "rsautil's answer was: Done" in ending.message.what
    assert ("resync.result", "success") == (ending.as_json()["record"]["event"], ending.as_json()["record"]["outcome"])


def test_refusal_unrecorded(run: Run, appliance: Machine) -> None:
    """A refusal stays one when the journal can't take it; the person is told."""
    (appliance.audit / "audit.jsonl").unlink()

    ending = job._refused(run.trail, OnboxError("interrupted"), "run")

    assert ("refused", 130) == (ending.outcome, ending.message.exit_code)
    assert 1 == len(ending.warnings)
    assert ending.warnings[0].startswith("This refusal is not on record: ")


def with_syslog(run: Run, path: str) -> Run:
    """Return a run whose syslog copy is required, and goes to *path*."""
    subject = run.subject
    settings = Settings(
        home=subject.settings.home, directory=subject.settings.directory, syslog=path, syslog_required=True
    )
    trail = Trail(run.trail.journal, settings, subject.caller, run.host, "run")
    return Run(run.request, Subject(settings, subject.caller), run.host, trail, run.console, run.interrupts, run.log)


def test_copy_required(run: Run, appliance: Machine) -> None:
    """Where the syslog copy is required, there is no update without a copy of the attempt."""
    run = with_syslog(run, str(appliance.folder / "no-socket"))
    with pytest.raises(OnboxError, match="could not be sent to syslog"):
        job._attempt(run, WORKER, fingerprint(run.subject))
    run.trail.write("resync.attempt", "unknown")

    ending = job._result(run, WORKER, job._update(run, WORKER), "run")

    assert ("failure", 5) == (ending.outcome, ending.message.exit_code)
    assert ending.warnings
    assert [] == appliance.calls()
    assert [("resync.attempt", "unknown"), ("resync.result", "failure")] == events(appliance)


def test_stranger(appliance: Machine) -> None:
    """A stranger learns what is wrong with them, not with a journal that is not theirs."""
    appliance.audit.chmod(0o777)
    caller = identify()
    subject = Subject(Settings(home=appliance.home, directory=appliance.audit), caller)

    with ExitStack() as held, pytest.raises(OnboxError) as caught:
        job._open_trail(subject, this_host(), "run", held)
    assert ("journal-folder" if caller.tty else "no-terminal") == caught.value.code


def test_broken_without_a_journal(run: Run) -> None:
    """A result that nobody foresaw and no journal takes is handed to the person, without what the error held."""
    run.trail.journal.path.unlink()

    ending = job._broken(run.trail, ValueError(PASSWORD), "run")

    assert 6 == ending.message.exit_code
    assert "resync.result" in ending.record
    assert PASSWORD not in ending.record


def test_refusal_without_a_journal(run: Run) -> None:
    """A refusal that can't be put on record says so, unless that is what it says anyway."""
    run.trail.journal.path.unlink()

    interrupted = job._refused(run.trail, OnboxError("interrupted"), "run")
    removed = OnboxError(
        "journal-damaged", path=run.trail.journal.path, detail="the file was moved or removed while it was in use"
    )

    assert interrupted.warnings[0].startswith("This refusal is not on record: The audit journal")
    assert () == job._refused(run.trail, removed, "run").warnings
