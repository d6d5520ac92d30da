"""Each check finds what it is there for, and nothing else."""

from __future__ import annotations

import grp
import os
import pty
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pexpect
import pytest

from onbox import preflight
from onbox.audit.journal import Journal
from onbox.errors import OnboxError
from onbox.identity import identify
from onbox.preflight import CHECKS, Check, Finding, Subject, examine, worst
from onbox.settings import Settings

if TYPE_CHECKING:
    from rehearsal import Machine

    from onbox.preflight import State

ME = os.getuid()


@pytest.fixture
def subject(appliance: Machine) -> Subject:
    """Return what is right in every respect but the terminal and the syslog copy."""
    return Subject(Settings(home=appliance.home, directory=appliance.audit, syslog=""), identify())


def refusal(check: Check, subject: Subject) -> str:
    """Return the key of what *check* complains of, or "" when all is well."""
    try:
        check(subject)
    except OnboxError as error:
        return error.code
    return ""


def test_user(subject: Subject) -> None:
    """The owner of rsautil is the right user, whatever the name; root and everybody else are not."""
    assert "" == refusal(preflight.check_user, subject)
    for uid, key in ((0, "root"), (ME + 1, "wrong-user")):
        assert key == refusal(preflight.check_user, replace(subject, caller=replace(subject.caller, uid=uid)))


def test_rsautil(subject: Subject) -> None:
    """A rsautil that the caller can run is sound; one that is missing, no file or without the right is not."""
    rsautil = subject.settings.rsautil
    assert preflight.check_rsautil(subject) == f"{rsautil}, mode 0755"
    rsautil.chmod(0o644)
    assert "rsautil-not-executable" == refusal(preflight.check_rsautil, subject)
    rsautil.unlink()
    assert "rsautil-missing" == refusal(preflight.check_rsautil, subject)
    assert "rsautil-missing" == refusal(preflight.check_user, subject)
    rsautil.mkdir()
    assert "rsautil-not-executable" == refusal(preflight.check_rsautil, subject)


@pytest.mark.parametrize("where", ["utils/rsautil", "utils", ".", ".."])
@pytest.mark.parametrize("mode", [0o757, 0o775])
def test_writable(subject: Subject, where: str, mode: int) -> None:
    """Neither rsautil nor a folder above it may be open to others."""
    (subject.settings.home / where).chmod(mode)

    assert "rsautil-unsafe" == refusal(preflight.check_rsautil, subject)


def test_linked(subject: Subject, tmp_path: Path) -> None:
    """All that links lead through is checked, from the first one to the last."""
    home = subject.settings.home
    opened = tmp_path / "opened"
    opened.mkdir()
    (opened / "second").symlink_to(home)
    (tmp_path / "first").symlink_to("opened/second")
    linked = replace(subject, settings=replace(subject.settings, home=tmp_path / "first"))

    assert "" == refusal(preflight.check_rsautil, linked)
    for folder in (opened, home / "utils"):
        folder.chmod(0o777)
        assert "rsautil-unsafe" == refusal(preflight.check_rsautil, linked)
        folder.chmod(0o1777)
        assert "" == refusal(preflight.check_rsautil, linked)
        folder.chmod(0o755)


DIRECTORY, FILE, LINK = stat.S_IFDIR, stat.S_IFREG, stat.S_IFLNK


@pytest.mark.parametrize(
    ("mode", "uid", "may"),
    [
        (FILE | 0o755, ME, False),
        (FILE | 0o755, 0, False),
        (FILE | 0o755, ME + 1, True),
        (FILE | 0o757, ME, True),
        (FILE | 0o775, ME, True),
        (DIRECTORY | 0o755, ME, False),
        (DIRECTORY | 0o777, 0, True),
        (DIRECTORY | 0o1777, 0, False),
        (DIRECTORY | 0o1777, ME + 1, True),
        (FILE | 0o1777, ME, True),
        (LINK | 0o777, ME, False),
        (LINK | 0o777, ME + 1, True),
    ],
)
def test_others_may_write(mode: int, uid: int, may: bool) -> None:
    """Others may write what belongs to them or is open to them; a sticky folder counts as safe."""
    status = os.stat_result((mode, 0, 0, 1, uid, 4000000, 0, 0, 0, 0))

    assert may == preflight._others_may_write(status)


@pytest.mark.parametrize(
    ("members", "primary", "private"),
    [
        ([], [7], True),
        (["me"], [7], True),
        (["root", "me"], [], True),
        ([], [0], True),
        ([], [7, 8], False),
        (["me", "other"], [7], False),
        (["gone"], [7], False),
        ([], [], False),
    ],
)
def test_private_group(monkeypatch: pytest.MonkeyPatch, members: list[str], primary: list[int], private: bool) -> None:
    """A group is private when nobody but the caller and root is in it, by its list or as their first group."""
    uids = {"root": 0, "me": 7, "other": 8}
    accounts = {
        name: pwd.struct_passwd((name, "x", uid, 50 if uid in primary else 60, "", "/", ""))
        for name, uid in uids.items()
    }
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("g", "x", gid, members)))
    monkeypatch.setattr(pwd, "getpwall", lambda: list(accounts.values()))
    monkeypatch.setattr(pwd, "getpwnam", accounts.__getitem__)

    assert private == preflight._is_private_group(50, 7)


def test_private_group_of_the_system() -> None:
    """A group that nobody knows is not private; root's own is root's."""
    assert not preflight._is_private_group(4000000, ME)
    assert preflight._is_private_group(0, ME)


def test_fingerprint(subject: Subject) -> None:
    """Whoever replaces rsautil, changes it or gives it other rights changes its fingerprint; running it does not."""
    rsautil = subject.settings.rsautil
    before = preflight.fingerprint(subject)
    subprocess.run([rsautil, "--help"], stdout=subprocess.DEVNULL, check=True)
    assert before == preflight.fingerprint(subject)

    prints = {before}
    shutil.copy2(rsautil, rsautil.with_name("copy"))
    rsautil.with_name("copy").replace(rsautil)
    prints.add(preflight.fingerprint(subject))
    rsautil.chmod(0o700)
    prints.add(preflight.fingerprint(subject))
    os.utime(rsautil, ns=(0, 0))
    prints.add(preflight.fingerprint(subject))
    rsautil.write_text("")
    prints.add(preflight.fingerprint(subject))

    assert 5 == len(prints)


ASK = """
from onbox.identity import identify
from onbox.errors import OnboxError
from onbox.preflight import Subject, check_terminal
from onbox.settings import Settings
try:
    print("terminal", check_terminal(Subject(Settings(), identify())))
except OnboxError as error:
    print(error)
"""


def test_terminal() -> None:
    """A person sits at a terminal that is both standard input and the controlling one."""
    child = pexpect.spawn(sys.executable, ["-c", ASK], encoding="utf-8", timeout=30)
    child.expect(r"terminal /dev/pts/\d+\r\n")
    child.expect(pexpect.EOF)
    child.close()


def test_no_terminal() -> None:
    """Neither a pipe nor a terminal that is not the controlling one will do."""
    master, slave = pty.openpty()
    for stdin, problem in (
        (subprocess.DEVNULL, "standard input is not a terminal"),
        (slave, "no controlling terminal"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", ASK], stdin=stdin, capture_output=True, text=True, start_new_session=True, check=True
        )
        assert problem in done.stdout
    os.close(master)
    os.close(slave)


def test_journal(subject: Subject) -> None:
    """A journal is sound when it can be made, or written and is whole; looking leaves no trace."""
    folder = subject.settings.directory
    assert f"{folder}, empty" == preflight.check_journal(subject)
    folder.chmod(0o770)
    assert "journal-folder" == refusal(preflight.check_journal, subject)
    folder.rmdir()
    assert f"{folder}, made by the first run" == preflight.check_journal(subject)
    assert not folder.exists()
    Journal(folder, ME).close()
    assert f"{folder}, 0 records" == preflight.check_journal(subject)
    assert ["audit.jsonl"] == [path.name for path in folder.iterdir()]
    (folder / "audit.jsonl").write_text("torn")
    assert "journal-damaged" == refusal(preflight.check_journal, subject)
    (folder / "audit.jsonl").write_text("")
    folder.chmod(0o500)
    assert "journal-folder" == refusal(preflight.check_journal, subject)
    folder.chmod(0o700)
    (folder / "audit.jsonl").unlink()
    folder.rmdir()
    folder.parent.chmod(0o500)
    assert "journal-folder" == refusal(preflight.check_journal, subject)
    folder.parent.chmod(0o700)


@pytest.mark.parametrize(("mode", "key"), [(0o700, ""), (0o711, "journal-readable"), (0o750, "journal-readable")])
def test_privacy(subject: Subject, mode: int, key: str) -> None:
    """A folder that others can look into is worth a warning."""
    subject.settings.directory.chmod(mode)

    assert key == refusal(preflight.check_privacy, subject)


def test_privacy_of_nothing(subject: Subject) -> None:
    """A folder that is not there yet is private."""
    subject.settings.directory.rmdir()

    assert "" == refusal(preflight.check_privacy, subject)


@pytest.mark.parametrize(("share", "key"), [(1e-9, ""), (0.5, "journal-room"), (2, "journal-write")])
def test_room(subject: Subject, monkeypatch: pytest.MonkeyPatch, share: float, key: str) -> None:
    """A nearly full disk is worth a warning; without room for the ballast no run can begin."""
    folder = subject.settings.directory
    status = os.statvfs(folder)
    monkeypatch.setattr(preflight, "BALLAST_BYTES", int(share * status.f_bavail * status.f_frsize))

    assert key == refusal(preflight.check_room, subject)
    folder.rmdir()
    assert key == refusal(preflight.check_room, subject)


def test_room_that_is_kept(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the ballast is there already, a full disk is only worth a warning."""
    monkeypatch.setattr(preflight, "BALLAST_BYTES", 2**60)
    (subject.settings.directory / "ballast").touch()

    assert "journal-room" == refusal(preflight.check_room, subject)


def test_syslog(subject: Subject, tmp_path: Path) -> None:
    """The copy needs a socket that somebody listens at."""
    path = tmp_path / "log"
    listening = replace(subject, settings=replace(subject.settings, syslog=str(path)))

    assert "syslog-off" == refusal(preflight.check_syslog, subject)
    assert "syslog-silent" == refusal(preflight.check_syslog, listening)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        assert str(path) == preflight.check_syslog(listening)
    assert "syslog-silent" == refusal(preflight.check_syslog, listening)


@pytest.mark.parametrize(("required", "state"), [(False, "warning"), (True, "error")])
def test_a_silent_syslog_blocks_where_its_copy_is_required(subject: Subject, *, required: bool, state: str) -> None:
    """A machine on which a run would be refused is not called ready."""
    settings = replace(subject.settings, syslog="/nowhere", syslog_required=required)

    findings = examine(replace(subject, settings=settings))

    assert [state] == [finding.state for finding in findings if finding.check == "syslog"]


def test_other_run(subject: Subject) -> None:
    """A run that is under way is seen; looking does not stand in its way."""
    with closing(Journal(subject.settings.directory, ME)) as journal:
        assert "none under way" == preflight.check_other_run(subject)
        journal.claim_run()
        assert "another-run" == refusal(preflight.check_other_run, subject)
    shutil.rmtree(subject.settings.directory)
    assert "none under way" == preflight.check_other_run(subject)


def test_time(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is kept right when systemd-timesyncd says so, or by a program that runs for it; else that is open."""
    monkeypatch.setattr(preflight, "_SYNCHRONISED", tmp_path / "synchronized")
    monkeypatch.setattr(preflight, "_TIME_KEEPERS", {"rehearsald": "'rehearse'"})
    assert "time-unknown" == refusal(preflight.check_time, subject)

    keeper = shutil.copy2("/bin/sleep", tmp_path / "rehearsald")
    with subprocess.Popen([keeper, "60"]) as process:
        # The kernel names a program a moment after it is there.
        while "rehearsald" not in Path(f"/proc/{process.pid}/comm").read_text():
            time.sleep(0.01)
        assert "rehearsald runs; 'rehearse' says whether it is in step" == preflight.check_time(subject)
        process.kill()

    (tmp_path / "synchronized").touch()
    assert "synchronised, says systemd-timesyncd" == preflight.check_time(subject)


def test_settings(subject: Subject) -> None:
    """The file in use is named."""
    used = replace(subject, settings=replace(subject.settings, file="/etc/x.toml"))

    assert ("the defaults", "/etc/x.toml") == (preflight.check_settings(subject), preflight.check_settings(used))


def test_examine(subject: Subject) -> None:
    """Every check has its finding; what blocks a run is an error, all else a warning with advice."""
    Journal(subject.settings.directory, ME).close()
    subject.settings.rsautil.chmod(0o757)

    findings = {finding.check: finding for finding in examine(subject)}

    assert [name for name, _, _ in CHECKS] == list(findings)
    assert ("error", "warning") == (findings["rsautil"].state, findings["syslog"].state)
    assert {"ok"} == {findings[name].state for name in ("settings", "user", "journal", "privacy", "room", "other run")}
    assert all(finding.advice for finding in findings.values() if finding.state != "ok")


@pytest.mark.parametrize(
    ("states", "expected"),
    [("ok", "ok"), ("ok warning ok", "warning"), ("warning error ok", "error"), ("error", "error")],
)
def test_worst(states: str, expected: str) -> None:
    """A machine is no better than the worst that was found."""
    assert expected == worst([Finding("", cast("State", state), "") for state in states.split()])


def test_check_that_breaks(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that fails in a way nobody foresaw becomes a finding, and says no more than the kind of error."""

    def breaks(_: Subject) -> str:
        raise LookupError("Sentinel-1!")

    monkeypatch.setattr(preflight, "CHECKS", (("new", breaks, True),))

    assert [Finding("new", "error", "The check itself failed (LookupError).")] == examine(subject)
