"""Each check finds its fault, and `onbox check` and `onbox resync` agree about every machine."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from history import History
from rehearsal import ANSWERS, CHECKOUT, Onbox, without_rights

from onbox import preflight
from onbox.identity import group_name, identify
from onbox.preflight import Subject, examine, first_stop, verdict
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal import Machine

ASKS = next(iter(ANSWERS))  # the first question
OTHER = "setpriv --reuid=61174 --regid=61174 --clear-groups"  # an account that nobody has
# Coverage could not write its files there, and Python would leave truncated ones for the next process.
UNCOVERED = "unset ${!COVERAGE_@}; export PYTHONDONTWRITEBYTECODE=1; "

# The names that the scripts below use, and what they have in common.
SHELL = r"""
set -eu
cd "$1"
config=$PWD/onbox.toml home=$PWD/am utils=$PWD/am/utils rsautil=$PWD/am/utils/rsautil audit=$PWD/audit
journal=$audit/audit.jsonl uid=$(stat -c %u .)
set_user() { sed -i "s/^\[appliance\]/&\nuser = \"$1\"/" $config; }
root_owns() { chown root $utils $rsautil; chmod 755 $utils $rsautil; }
disk() {
    cp -a $audit $audit.kept
    mount -t tmpfs -o "mode=0700,uid=$uid,gid=$uid,$1" tmpfs $audit
    cp -a $audit.kept/. $audit
}
"""


def spoil(machine: Machine, script: str, *, root: bool = False) -> None:
    """Run a script on the machine, as root or as the user who runs onbox."""
    rights = [] if root else without_rights()
    subprocess.run([*rights, "bash", "-c", SHELL + script, "bash", machine.folder], check=True)


@pytest.fixture
def subject(appliance: Machine) -> Subject:
    """Return a machine that has no journal yet and no syslog."""
    return Subject(Settings(home=appliance.home, directory=appliance.audit, syslog=""), identify())


def found(subject: Subject, check: str, **settings: Any) -> str:
    """Return the code that a check finds with other settings."""
    [finding] = examine(replace(subject, settings=replace(subject.settings, **settings)), [check])
    return finding.code


# The code that the check of rsautil finds, and what was done to rsautil before.
RSAUTIL = {
    "nothing": ("check-passed", ""),
    "a dangling link": ("rsautil-missing", "ln -sf gone $rsautil"),
    "a folder": ("rsautil-not-executable", "rm $rsautil; mkdir $rsautil"),
    "not executable": ("rsautil-not-executable", "chmod 644 $rsautil"),
    "not readable": ("rsautil-not-executable", "chmod 100 $rsautil"),
    "a sticky folder above it writable by all": ("check-passed", "chmod 1777 $home"),
    "a link through a folder writable by all": (
        "rsautil-unsafe",
        "mv $utils am/real; mkdir am/open; ln -s ../real am/open/link; ln -s open/link $utils; chmod 777 am/open",
    ),
    "a folder above it writable by a group": ("rsautil-group", "chmod 775 $home"),
}


@pytest.mark.parametrize(("code", "script"), RSAUTIL.values(), ids=RSAUTIL)
def test_rsautil(appliance: Machine, subject: Subject, code: str, script: str) -> None:
    """A rsautil is refused if it cannot be started, or if others can modify it or what leads to it."""
    spoil(appliance, script)

    assert ["check-passed", code] == [found(subject, "user"), found(subject, "rsautil")]


def test_groups(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group can modify rsautil if the settings trust it, or if nobody else is in it; other accounts cannot."""
    group = group_name(subject.settings.rsautil.stat().st_gid)
    for mode, code in ((0o775, "rsautil-trusted-group"), (0o777, "rsautil-unsafe")):
        subject.settings.rsautil.chmod(mode)
        assert code == found(subject, "rsautil", trusted_group=group)

    subject.settings.rsautil.chmod(0o775)
    monkeypatch.setattr(preflight, "is_private", lambda *_: True)
    assert "check-passed" == found(subject, "rsautil")


@pytest.mark.parametrize(("mask", "code"), [(7, "rsautil-unsafe"), (5, "check-passed")])
def test_access_control_list(subject: Subject, mask: int, code: str) -> None:
    """An access control list whose mask allows writing is refused; the mode shows that mask as the group's rights."""
    nobody, account = 0xFFFFFFFF, 1
    entries = [(1, 7, nobody), (2, 6, account), (4, 5, nobody), (16, mask, nobody), (32, 5, nobody)]
    packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(subject.settings.rsautil, "system.posix_acl_access", struct.pack("<I", 2) + packed)

    assert code == found(subject, "rsautil")


def test_terminal_without_a_name(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of another container has no name here, and a process group that reads as 0: a person all the same."""
    monkeypatch.setattr(sys, "stdin", object())
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(Path, "open", lambda *_, **__: socket.socket())
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: 0)

    assert "check-passed" == found(subject, "terminal")


def test_journal(subject: Subject) -> None:
    """The journal is opened as a run does it; what a run would go on with is a warning."""
    folder = subject.settings.directory
    folder.rmdir()
    assert "check-passed" == found(subject, "journal")
    assert {"audit.jsonl", "ballast", "journal.lock", "run.lock"} == {path.name for path in folder.iterdir()}

    (folder / "second name").hardlink_to(folder / "audit.jsonl")
    assert "journal-flaw" == found(subject, "journal")
    (folder / "audit.jsonl").write_text("torn")
    assert "audit-torn" == found(subject, "journal")
    folder.chmod(0o770)
    assert "journal-folder" == found(subject, "journal")


def test_syslog(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that takes records is all that can be said; one that leads to journald alone is worth a warning."""
    log, journald, forwarded = tmp_path / "log", tmp_path / "dev-log", tmp_path / "syslog"
    monkeypatch.setattr(preflight, "_JOURNALD", journald)
    monkeypatch.setattr(preflight, "_FORWARDED", str(forwarded))
    assert "syslog-off" == found(subject, "syslog")
    assert "syslog-silent" == found(subject, "syslog", syslog=str(log))
    assert "syslog-required" == found(subject, "syslog", syslog=str(log), syslog_required=True)
    with ExitStack() as held:
        for path in (journald, forwarded):
            held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)).bind(str(path))
        assert "check-passed" == found(subject, "syslog", syslog=str(forwarded))
        log.symlink_to(journald)
        assert "check-passed" == found(subject, "syslog", syslog=str(log))
        forwarded.chmod(0)
        assert "check-passed" == found(subject, "syslog", syslog=str(log))
        forwarded.unlink()
        assert "syslog-journald" == found(subject, "syslog", syslog=str(log))


def test_time(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is believed to be synchronised if a program for it runs."""
    monkeypatch.setattr(preflight, "_TIME_KEEPERS", {"rehearsald"})
    assert "time-unknown" == found(subject, "time")

    keeper = shutil.copy2("/bin/sleep", tmp_path / "rehearsald")
    with subprocess.Popen([keeper, "60"]) as process:
        # The kernel names a program a moment after it is there.
        while "rehearsald" not in Path(f"/proc/{process.pid}/comm").read_text():
            time.sleep(0.01)
        assert "check-passed" == found(subject, "time")
        process.kill()


def test_examine(subject: Subject) -> None:
    """Every check has its finding, in order; the first error stops a run, and no warning does."""
    subject.settings.rsautil.chmod(0o757)
    subject.settings.directory.chmod(0o770)

    findings = examine(subject)

    assert list(preflight.CHECKS) == [finding.check for finding in findings]
    assert "rsautil-unsafe" == getattr(first_stop(findings[1:3]), "code", None)
    assert first_stop(finding for finding in findings if finding.state != "error") is None
    assert all(finding.as_json()["advice"] for finding in findings if finding.state != "ok")
    assert ["check-not-ready", "check-warned", "check-ready"] == [
        verdict(findings),
        verdict(findings[5:]),
        verdict(findings[:2]),
    ]


# The damage to a machine whose last run left a journal, how onbox is started there, and the code of the finding
# ("" if resync asks its first question).
STATES = {
    "nothing": ("", "", '"$@"'),
    "settings not TOML": ("settings-unreadable", "echo nonsense >$config", '"$@"'),
    "standard input closed": ("no-terminal", "", '"$@" <&-'),
    "a folder that is gone": ("", "", 'mkdir gone && cd gone && rmdir ../gone && "$@"'),
    "umask 277": ("", "", UNCOVERED + 'umask 277; "$@"'),
    "a limit for the size of files": ("journal-write", "", UNCOVERED + 'ulimit -f 16; "$@"'),
    "folder 0500": ("journal-write", "chmod 500 $audit", '"$@"'),
    "journal with an incomplete record": ("", "printf torn >>$journal", '"$@"'),
    "journal emptied": ("journal-damaged", ": >$journal", '"$@"'),
}
ROOT = {
    "root": ("root", "rm $audit/*"),
    "another user": ("wrong-user", "rm $audit/*"),
    "somebody else owns a folder above rsautil": ("rsautil-unsafe", "chown 1 $home"),
    "root owns rsautil and utils": ("account-unknown", "root_owns"),
    "root owns both, and the settings name the account": ("", "root_owns; set_user $uid"),
    "root owns both, and the settings name another account": ("wrong-user", "root_owns; set_user bin"),
    **{
        f"empty disk with {number} free inodes": (code, f"rm $audit/*; disk size=9m,nr_inodes={number + 1}")
        for number, code in ((2, "journal-file"), (3, "journal-write"), (4, "journal-write"), (5, ""))
    },
    "folder append-only": ("journal-write", "chattr +a $audit"),
}


@pytest.fixture
def machine(onbox: Onbox) -> Iterator[Machine]:
    """Return a machine whose last run left a journal; what was done to it is undone."""
    machine = onbox.machine
    written = machine.folder / "written"
    written.mkdir(mode=0o700)
    history = History(written)
    history.attempt()
    history.close()
    owner = machine.folder.stat()
    for path in written.iterdir():
        os.chown(path, owner.st_uid, owner.st_gid)
        path.rename(machine.audit / path.name)
    yield machine
    for command in (["chattr", "-R", "-ia"], ["umount", "-q"], ["chmod", "-R", "u+rwX"]):
        subprocess.run([*command, machine.audit], stderr=subprocess.DEVNULL, check=False)


@dataclass(frozen=True)
class Started(Onbox):
    """The command onbox, started by a shell's script in which it is `"$@"`."""

    script: str

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return ["bash", "-c", self.script, "bash", *super().command(*arguments)]


def assert_agreed(onbox: Onbox, start: str, code: str) -> None:
    """Require that resync ends before its first question if check says so, and not otherwise."""
    started = Started(onbox.machine, onbox.home, start)
    checked = started("check", "--json", answers={})
    resynced = started("resync", "--json", answers={ASKS: "\3"})

    assert {130: 0, 5: 3}.get(resynced.exit_code, resynced.exit_code) == checked.exit_code, resynced.screen
    assert f'"code": "{code or "interrupted"}"' in resynced.screen
    assert f'"code": "{code or "check-warned"}"' in checked.screen


@pytest.mark.parametrize(("code", "script", "start"), STATES.values(), ids=STATES)
def test_states(machine: Machine, onbox: Onbox, code: str, script: str, start: str) -> None:
    """Check ends with 3 exactly if resync, started the same way, ends with 3 or 5 before its first question."""
    spoil(machine, script)

    assert_agreed(onbox, start, code)


@pytest.mark.root
@pytest.mark.parametrize(("name", "code", "script"), [(name, *row) for name, row in ROOT.items()], ids=ROOT)
def test_states_of_root(machine: Machine, onbox: Onbox, name: str, code: str, script: str) -> None:
    """The same rule holds for what only root can do; an account that may not run onbox makes nothing."""
    start = {"root": 'shift 4; "$@"', "another user": f'chmod a+x "{CHECKOUT.parent}"; shift 4; {OTHER} "$@"'}
    if name in start:
        script = "chown root $config; chmod 711 .; " + script
    spoil(machine, script, root=True)

    assert_agreed(onbox, start.get(name, '"$@"'), code)
    assert name not in start or not list(machine.audit.iterdir())


def test_another_run(onbox: Onbox) -> None:
    """A run that waits at its first question stops every other one, and check says so."""
    first = onbox.spawn("resync")
    first.expect(ASKS)

    assert_agreed(onbox, '"$@"', "another-run")

    first.close(force=True)
