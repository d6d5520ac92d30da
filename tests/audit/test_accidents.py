"""What the audit trail does about accidents: real runs, with kill -9, torn lines, full disks and dead sockets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from collector import running
from rehearsal import ANSWERS, Run

from onbox.audit.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rehearsal import Machine, Onbox

PASSWORD = r"Password of Operations Console administrator .*: "
WRONG = {**ANSWERS, PASSWORD: "Wrong-password-1!"}


def events(appliance: Machine) -> list[str]:
    """Return the events on record."""
    return [record["event"] for record in appliance.journal()]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def problem(appliance: Machine) -> object:
    """Return what verify finds."""
    return verify(appliance.audit / "audit.jsonl").problem


def settle_on(appliance: Machine, **audit: str | bool) -> None:
    """Put *audit* into the settings file."""
    rest = [line for line in appliance.config.read_text().splitlines() if line.partition(" ")[0] not in audit]
    appliance.config.write_text(
        "\n".join([*rest, *(f"{key} = {json.dumps(value)}" for key, value in audit.items()), ""])
    )


def test_run_without_a_result_is_written_off(appliance: Machine, onbox: Onbox) -> None:
    """The run after a kill -9 says whose run has no result and since when, puts it on record, and goes on."""
    appliance.behave(update="never-ends", seconds=20)
    child = onbox.spawn("resync")
    for prompt, answer in ANSWERS.items():
        child.expect(prompt)
        child.sendline(answer)
    wait_for(lambda: len(appliance.calls()) == 2)
    child.kill(signal.SIGKILL)
    child.close()
    lost = appliance.journal()[-1]
    assert "resync.attempt" == lost["event"]

    appliance.behave(update="documented")
    run = onbox("resync")

    assert 0 == run.exit_code
    assert f"The run of ocadmin at {lost['time']} has no result" in " ".join(run.screen.split())
    told = ["admin.verified", "resync.attempt", "run.abandoned", "admin.verified", "resync.attempt", "resync.result"]
    assert told == events(appliance)
    assert (lost["run"], "unknown") == (appliance.journal()[2]["run"], appliance.journal()[2]["outcome"])
    assert problem(appliance) is None


def test_torn_line_is_repaired(appliance: Machine, onbox: Onbox) -> None:
    """The run after a loss of power keeps the torn bytes, says so, puts it on record, and continues the chain."""
    onbox("resync")
    path = appliance.audit / "audit.jsonl"
    torn = path.read_bytes().splitlines()[0][:500]
    with path.open("ab") as stream:
        stream.write(torn)
    checked = onbox.without_terminal("audit", "verify")
    assert (7, True) == (checked.exit_code, "is incomplete" in " ".join(checked.screen.split()))

    run = onbox("resync")

    repaired = appliance.journal()[3]
    (kept,) = appliance.audit.glob("torn-*")
    assert (0, torn) == (run.exit_code, kept.read_bytes())
    assert ("journal.repaired", True) == (repaired["event"], kept.name in repaired["message"])
    assert kept.name in run.screen
    assert problem(appliance) is None
    assert 0 == onbox.without_terminal("audit", "verify").exit_code


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{}\n")])
def test_damaged_journal_stops_a_run(damage: Callable[[Path], object], appliance: Machine, onbox: Onbox) -> None:
    """Behind a damaged journal nothing is put on record, so nothing is asked and nothing is changed."""
    onbox("resync")
    damage(appliance.audit / "audit.jsonl")

    run = onbox("resync")

    assert (5, 2) == (run.exit_code, len(appliance.calls()))
    assert "damaged" in run.screen


@pytest.fixture
def disk(appliance: Machine) -> Iterator[Path]:
    """Put the audit folder on a disk of 1 MiB."""
    owner = appliance.audit.stat()
    options = f"size=1m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(appliance.audit)], check=True)
    yield appliance.audit
    subprocess.run(["umount", str(appliance.audit)], check=True)


def fill(disk: Path) -> None:
    """Leave not a byte of room on *disk*."""
    done = subprocess.run(["cp", "/dev/zero", str(disk / "filler")], capture_output=True, text=True, check=False)
    assert "No space left on device" in done.stderr


def full_after_the_attempt(appliance: Machine, onbox: Onbox, disk: Path, *, ballast: bool) -> Run:
    """Return a run in which the disk is full before the result; that is too long for the room in the last block."""
    appliance.behave(update="much-output", update_size=20_000, update_delay=2)
    child = onbox.spawn("resync")
    for prompt, answer in ANSWERS.items():
        child.expect(prompt)
        child.sendline(answer)
    wait_for(lambda: "resync.attempt" in events(appliance))
    if not ballast:
        (disk / "ballast").unlink()
    fill(disk)
    screen = child.read()
    child.close()
    return Run(child.exitstatus or 0, screen.replace("\r\n", "\n"))


@pytest.mark.root
def test_full_disk_takes_the_result_all_the_same(appliance: Machine, onbox: Onbox, disk: Path) -> None:
    """When the disk is full after the update, the ballast makes room for the result."""
    run = full_after_the_attempt(appliance, onbox, disk, ballast=True)

    assert "could not be put on record" not in run.screen
    assert "resync.result" == events(appliance)[-1]
    assert not (disk / "ballast").exists()
    assert problem(appliance) is None


@pytest.mark.root
@pytest.mark.program("rsyslogd")
def test_result_that_cannot_be_recorded_is_not_lost(
    appliance: Machine, onbox: Onbox, disk: Path, tmp_path: Path
) -> None:
    """A result that no journal takes goes to the terminal and to syslog, with exit code 6."""
    with running(tmp_path / "rsyslog") as collector:
        settle_on(appliance, syslog=collector.socket)
        run = full_after_the_attempt(appliance, onbox, disk, ballast=False)
        copies = collector.records(3)

    assert 6 == run.exit_code
    assert "The result could not be put on record" in " ".join(run.screen.split())
    record = json.loads(next(line for line in run.screen.splitlines() if line.startswith("{")))
    assert ("resync.result", None, record["hash"]) == (record["event"], record["seq"], copies[-1]["hash"])
    assert ["admin.verified", "resync.attempt"] == events(appliance)
    assert problem(appliance) is None
    checked = json.loads(onbox.without_terminal("audit", "verify", "--json", "--against", str(collector.plain)).screen)
    assert ("sound", [record["run"]], 2) == (
        checked["outcome"],
        checked["copies"]["unrecorded"],
        checked["copies"]["compared"],
    )

    (disk / "filler").unlink()
    appliance.behave(update="documented", update_delay=0)
    assert 0 == onbox("resync").exit_code
    assert "run.abandoned" == events(appliance)[2]


@pytest.mark.root
def test_full_disk_stops_a_run_before_anything_is_asked(appliance: Machine, onbox: Onbox, disk: Path) -> None:
    """Without room for the ballast no password is asked for: exit code 5, and nothing is changed."""
    fill(disk)

    run = onbox("resync")

    assert (5, []) == (run.exit_code, appliance.calls())
    assert "No space left on device" in " ".join(run.screen.split())


@pytest.mark.root
def test_read_only_disk_stops_a_run(appliance: Machine, onbox: Onbox, disk: Path) -> None:
    """A disk that was mounted read-only takes no record, so nothing is asked and nothing is changed."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    run = onbox("resync")

    assert (5, []) == (run.exit_code, appliance.calls())
    assert "Read-only file system" in " ".join(run.screen.split())


def test_dead_socket_is_a_warning(appliance: Machine, onbox: Onbox) -> None:
    """A syslog that is gone does not stop a run, but shows on the screen and in the result."""
    socket = str(appliance.folder / "log")
    settle_on(appliance, syslog=socket)

    run = onbox("resync")

    warning = f"The syslog copy was not sent ({socket}: No such file or directory)."
    assert 0 == run.exit_code
    assert "The syslog copy was not sent" in run.screen
    assert [warning] == appliance.journal()[-1]["warnings"]


def test_syslog_that_is_required_stops_a_run(appliance: Machine, onbox: Onbox) -> None:
    """With syslog_required, a dead socket stops the run before the attempt: exit code 5, and nothing is changed."""
    settle_on(appliance, syslog=str(appliance.folder / "log"), syslog_required=True)
    before = appliance.marker()

    run = onbox("resync")

    assert (5, before) == (run.exit_code, appliance.marker())
    assert "resync.attempt" not in events(appliance)
    assert "resync.refused" == events(appliance)[-1]


def test_lockout_is_guarded_against(appliance: Machine, onbox: Onbox) -> None:
    """After three denied checks the next one is asked about; after four it is refused, whatever is confirmed."""
    for _ in range(3):
        assert 4 == onbox("resync", answers=WRONG).exit_code

    asked = onbox("resync", answers=WRONG | {"Type yes to try again: ": "no"})
    assert (3, 3) == (asked.exit_code, len(appliance.calls()))
    assert "3 checks of ocadmin failed in the last 60 minutes" in " ".join(asked.screen.split())
    assert "Password of" not in asked.screen

    assert 4 == onbox("resync", answers=WRONG | {"Type yes to try again: ": "yes"}).exit_code

    refused = onbox("resync", "-o", "OCAdmin", "--confirm", os.uname().nodename, "--reason", "users-found", answers={})
    assert (3, 4) == (refused.exit_code, len(appliance.calls()))
    assert re.search(r"Wait until \d\d:\d\d on \d{4}-\d\d-\d\d", " ".join(refused.screen.split()))
    assert "Password of" not in refused.screen

    other = onbox("resync", "-o", "other", answers={PASSWORD: "x"})
    assert (4, 5) == (other.exit_code, len(appliance.calls()))


def test_texts_of_a_run_cannot_forge_a_record(appliance: Machine, onbox: Onbox) -> None:
    """Control characters and line ends stay in their strings, and no terminal acts on them."""
    note = 'a\nb\x1b[2J\r{"seq":9}\t"é'

    run = onbox("resync", "--reason", "other", "--note", note, "--ticket", "\x07", answers=ANSWERS)

    assert 0 == run.exit_code
    assert "\x1b[2J" not in run.screen
    assert (note, "\x07") == (appliance.journal()[-1]["note"], appliance.journal()[-1]["ticket"])
    assert problem(appliance) is None
