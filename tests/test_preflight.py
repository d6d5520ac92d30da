"""`onbox check` and `onbox resync` agree about every machine, and each check finds its fault."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pexpect
import pytest
from history import History
from rehearsal import ANSWERS, CHECKOUT, SECONDS, without_rights

from onbox import preflight, writers
from onbox.audit.journal import BALLAST_BYTES
from onbox.identity import identify
from onbox.preflight import CHECKS, Finding, Subject, allowed, examine, fingerprint, first_stop, worst
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rehearsal import Machine, Onbox

    from onbox.preflight import State

OTHER = "setpriv --reuid=61174 --regid=61174 --clear-groups"  # an account that nobody has
ASKS = next(iter(ANSWERS))  # the first question

UNCOVERED = "unset ${!COVERAGE_@}; "  # coverage could not read what it writes there
# How onbox is started: the code of the finding that matters ("" for none), the shell's words around it, and more.
STARTS = {
    "a terminal": ("", '"$@"'),
    "a pipe as standard input": ("no-terminal", 'true | "$@"'),
    "nothing as standard input": ("no-terminal", '"$@" </dev/null'),
    "standard input closed": ("no-terminal", '"$@" <&-'),
    "no controlling terminal": ("no-terminal", 'setsid --wait "$@"'),
    "a background process": ("in-background", 'timeout 20 "$@"; exit $?'),
    "the program script": ("", 'script -qec "$(printf "%q " "$@")" /dev/null'),
    "umask 277": ("", UNCOVERED + 'umask 277; "$@"'),
    "umask 777, folder missing": ("", UNCOVERED + 'umask 777; "$@"', "rm -r $audit"),
    "SIGCHLD ignored": ("", 'trap "" CHLD; exec "$@"'),
    "a limit for the size of files": ("journal-write", UNCOVERED + 'ulimit -f 16; "$@"'),
    "no variables": ("", 'exec env -i "PYTHONPATH=$PYTHONPATH" "$@"'),
    "a folder that is gone": ("", 'mkdir gone && cd gone && rmdir ../gone && "$@"'),
}

# The state of a machine whose last run left a journal and room for a result: code as above, and the shell's words.
MACHINES = {
    "journal of the last run": ("", ""),
    "settings not TOML": ("settings-unreadable", "echo nonsense >$config"),
    "settings with an unknown key": ("settings-unknown", "echo 'x = 1' >>$config"),
    "settings writable by others": ("settings-unsafe", "chmod 606 $config"),
    "settings from Windows": ("", r"sed -i '1s/^/\xef\xbb\xbf/; s/$/\r/' $config"),
    "rsautil missing": ("rsautil-missing", "rm $rsautil"),
    "utils closed": ("rsautil-missing", "chmod 0 $utils"),
    "rsautil a dangling link": ("rsautil-missing", "ln -sf gone $rsautil"),
    "rsautil a folder": ("rsautil-not-executable", "rm $rsautil; mkdir $rsautil"),
    "rsautil a FIFO": ("rsautil-not-executable", "rm $rsautil; mkfifo -m 700 $rsautil"),
    "rsautil not executable": ("rsautil-not-executable", "chmod 644 $rsautil"),
    "rsautil not readable": ("rsautil-not-executable", "chmod 100 $rsautil"),
    "rsautil with an interpreter that is missing": ("rsautil-not-executable", "sed -i '1c #!/no/such -x' $rsautil"),
    "rsautil with a program that is none": ("rsautil-not-executable", r"sed -i '1c #! /etc/passwd\t-x' $rsautil"),
    "rsautil from Windows": ("rsautil-not-executable", r"sed -i '1s/$/\r/' $rsautil"),
    "rsautil with arguments in its first line": ("", "sed -i '1c #! /bin/sh -e' $rsautil"),
    "rsautil with an interpreter beside it": ("", "cp /bin/sh $utils; sed -i '1c #!sh' $rsautil"),
    "rsautil without a first line": ("", "sed -i 1d $rsautil"),
    "rsautil with NUL in its first line": ("", r"sed -i '1c #!/bin/\x00sh' $rsautil"),
    "rsautil writable by all": ("rsautil-unsafe", "chmod 757 $rsautil"),
    "a folder above utils writable by all": ("rsautil-unsafe", "chmod 777 $home/.."),
    "a link through a folder writable by all": (
        "rsautil-unsafe",
        "cd am; mv utils real; mkdir open; ln -s ../real open/link; ln -s open/link utils; chmod 777 open",
    ),
    "rsautil writable by a group": ("rsautil-group", "chmod 775 $rsautil"),
    "a folder above utils writable by a group": ("rsautil-group", "chmod 775 $home"),
    "writable by the trusted group": ("rsautil-trusted-group", "chmod 775 $rsautil; set_ trusted_group $(id -g)"),
    "writable by all, and the group trusted": ("rsautil-unsafe", "chmod 777 $rsautil; set_ trusted_group $(id -g)"),
    "the settings name another account, too": ("", "set_ user daemon"),
    "folder missing": ("", "rm -r $audit"),
    "folder missing, and the one above it": ("journal-folder", "sed -i s:/audit:/no/audit: $config"),
    "folder missing, and the one above it closed": ("journal-folder", "rm -r $audit; chmod 500 ."),
    "folder missing, with a name that is too long": ("journal-folder", "sed -i s:/audit:/$(printf %0300d): $config"),
    "folder missing, and a file above it": ("journal-folder", "sed -i s:/audit:/onbox.toml/audit: $config"),
    "folder empty": ("", "rm $audit/*"),
    "folder a file": ("journal-folder", "rm -r $audit; touch $audit"),
    "folder a link": ("journal-folder", "mv $audit $audit.real; ln -s audit.real $audit"),
    "folder 0500": ("journal-write", "chmod 500 $audit"),
    "folder 0400": ("journal-file", "chmod 400 $audit"),
    "folder 0300": ("journal-folder", "chmod 300 $audit"),
    "folder 0770": ("journal-folder", "chmod 770 $audit"),
    "folder 0750": ("journal-readable", "chmod 750 $audit"),
    "journal 0400": ("journal-file", "chmod 400 $journal"),
    "journal 0660": ("journal-file", "chmod 660 $journal"),
    "journal a link": ("journal-file", "mv $journal $journal.real; ln -s audit.jsonl.real $journal"),
    "journal a folder": ("journal-file", "rm $journal; mkdir $journal"),
    "journal a FIFO": ("journal-file", "rm $journal; mkfifo -m 600 $journal"),
    "journal with an incomplete record": ("audit-torn", "printf torn >>$journal"),
    "journal with a record and a half less": ("journal-damaged", "truncate -s -600 $journal"),
    "journal with a second name": ("journal-flaw", "ln $journal $journal.2"),
    "journal with a last line that is no record": ("journal-damaged", "echo '{}' >>$journal"),
    "journal with a changed record": ("journal-damaged", "sed -i '$s/refused/REFUSED/' $journal"),
    "journal emptied": ("journal-damaged", ": >$journal"),
    "journal removed": ("journal-damaged", "rm $journal"),
    "head not JSON": ("journal-damaged", "echo x >$head"),
    "head unreadable": ("journal-file", "chmod 0 $head"),
    "head missing": ("journal-flaw", "rm $head"),
    "a folder in the place of the next head": ("", "mkdir $head.new"),
    "a folder in the place of a lock": ("journal-file", "rm -f $audit/run.lock; mkdir $audit/run.lock"),
    "a lock that cannot be read": ("journal-file", "touch $audit/journal.lock; chmod 0 $audit/journal.lock"),
    "a folder in the ballast's place": ("journal-write", "rm $ballast; mkdir $ballast"),
    "a folder in the next ballast's place": ("journal-write", "rm $ballast; mkdir $ballast.new"),
    "a link in the ballast's place": ("", "ln -sf $journal $ballast"),
    "ballast emptied": ("", ": >$ballast"),
    "ballast missing": ("", "rm $ballast"),
    "syslog missing": ("syslog-silent", "syslog_ /nowhere"),
    "syslog missing, but required": ("syslog-required", "syslog_ /nowhere required"),
}

# States that only root can make.
ROOT = {
    "root": ("root", "rm -r $audit"),
    "another user": ("wrong-user", "rm -r $audit"),
    "somebody else owns a folder above rsautil": ("rsautil-unsafe", "chown 1 $home"),
    "root owns rsautil": ("", "root_owns $rsautil"),
    "root owns rsautil and utils": ("account-unknown", "root_owns $rsautil $utils"),
    "root owns both, and the settings name the account": ("", "root_owns $rsautil $utils; set_ user $uid"),
    "root owns both, and the settings name another account": (
        "wrong-user",
        "root_owns $rsautil $utils; set_ user daemon",
    ),
    "root owns the audit folder": ("journal-folder", "chown root $audit"),
    "root owns the journal": ("journal-file", "chown root $journal"),
    "no program may be run": ("rsautil-not-executable", "disk $utils noexec"),
    "disk full": ("journal-write", "disk $audit size=1m; fill"),
    "disk full, no ballast": ("journal-write", "disk $audit size=1m; rm $ballast; fill"),
    "disk nearly full": ("", "disk $audit size=1m"),
    "disk read-only": ("journal-file", "disk $audit size=2m; mount -o remount,ro $audit"),
    "disk without inodes": ("journal-write", "disk $audit size=9m,nr_inodes=9; rm $ballast; fill_inodes $audit"),
    "disk without inodes, folder missing": (
        "journal-folder",
        "disk $base size=9m,nr_inodes=9; sed -i s:/audit:/base/audit: $config; fill_inodes $base",
    ),
    **{
        f"empty disk with {number} free inodes": (
            code,
            f"rm $audit/*; disk $audit size=9m,nr_inodes={number + 1}",
        )
        for number, code in ((2, "journal-file"), (3, "journal-write"), (4, "journal-write"), (5, ""))
    },
    "folder immutable": ("journal-write", "chattr +i $audit"),
    "folder append-only": ("journal-write", "chattr +a $audit"),
    "folder missing, and the one above it immutable": ("journal-folder", "rm -r $audit; chattr +i ."),
    "journal immutable": ("journal-file", "chattr +i $journal"),
    "journal append-only": ("", "chattr +a $journal"),
    "journal append-only with an incomplete record": (
        "journal-append-only",
        "printf torn >>$journal; chattr +a $journal",
    ),
    "head immutable": ("", "chattr +i $head"),
    "small ballast immutable": ("journal-write", ": >$ballast; chattr +i $ballast"),
    "small ballast append-only": ("journal-write", ": >$ballast; chattr +a $ballast"),
}

SHELL = r"""
set -eu
cd "$1"
config=$PWD/onbox.toml home=$PWD/am utils=$PWD/am/utils rsautil=$PWD/am/utils/rsautil audit=$PWD/audit base=$PWD/base
journal=$audit/audit.jsonl head=$audit/tip.json ballast=$audit/ballast uid=$(stat -c %u .)
set_() { sed -i "s/^\[appliance\]/&\n$1 = \"$2\"/" $config; }
syslog_() { sed -i "s:^syslog = .*:syslog = \"$1\"${2+\nsyslog_required = true}:" $config; }
root_owns() { chown root "$@"; chmod 755 "$@"; }
disk() {
    mkdir -p $1
    cp -a $1 $1.kept
    mount -t tmpfs -o "mode=0700,uid=$uid,gid=$uid,$2" tmpfs $1
    cp -a $1.kept/. $1
}
fill_inodes() { touch $1/x{1..9} 2>/dev/null || true; }
fill() { dd if=/dev/zero of=$audit/filler 2>/dev/null || true; }
"""


@pytest.fixture
def machine(onbox: Onbox) -> Iterator[Machine]:
    """Return a machine whose last run left a journal and room for a result; what was done to it is undone."""
    machine = onbox.machine
    written = machine.folder / "written"
    written.mkdir(mode=0o700)
    history = History(written)
    history.refused()
    history.refused()
    history.close()
    (written / "ballast").write_bytes(bytes(BALLAST_BYTES))
    owner = machine.folder.stat()
    for path in written.iterdir():
        path.chmod(0o600)
        os.chown(path, owner.st_uid, owner.st_gid)
        path.rename(machine.audit / path.name)
    yield machine
    for command in (["chattr", "-R", "-ia"], ["umount", "-qR"], ["chmod", "-R", "u+rwX"]):
        places = (machine.audit, machine.home / "utils", machine.folder / "base", machine.folder)
        subprocess.run([*command, *places], stderr=subprocess.DEVNULL, check=False)


def spoil(machine: Machine, script: str, *, root: bool = False) -> None:
    """Run a script of the tables on the machine, as root or as the user who runs onbox."""
    rights = [] if root else without_rights()
    subprocess.run([*rights, "bash", "-c", SHELL + script, "bash", machine.folder], check=True)


def started(onbox: Onbox, start: str, *arguments: str) -> tuple[int | None, str]:
    """Start onbox in a shell on a terminal; give its exit code (None if it asked its first question) and the screen."""
    child = pexpect.spawn(
        "bash",
        ["-c", start, "bash", *onbox.command(*arguments)],
        env=onbox.environment(),
        cwd=onbox.home,
        encoding="utf-8",
        timeout=SECONDS,
        dimensions=(25, 200),
    )
    asked = child.expect([ASKS, pexpect.EOF]) == 0
    child.close(force=True)
    return (None if asked else child.exitstatus), child.before or ""


def assert_agreed(onbox: Onbox, start: str, code: str) -> None:
    """Require that resync ends before its first question if check says so, and not otherwise."""
    checked, found = started(onbox, start, "check", "--json")
    resynced, ended = started(onbox, start, "resync", "--json")
    assert {None: 0, 5: 3}.get(resynced, resynced) == checked, ended
    assert not code or f'"code": "{code}"' in found
    assert resynced is None or not code or f'"code": "{code}"' in ended


@pytest.mark.parametrize(("code", "start", "script"), [(*row, "")[:3] for row in STARTS.values()], ids=STARTS)
def test_starts(machine: Machine, onbox: Onbox, code: str, start: str, script: str) -> None:
    """Check ends with 3 exactly if resync, started the same way, ends with 3 or 5 before its first question."""
    spoil(machine, script)

    assert_agreed(onbox, start, code)


@pytest.mark.parametrize(("code", "script"), MACHINES.values(), ids=MACHINES)
def test_machines(machine: Machine, onbox: Onbox, code: str, script: str) -> None:
    """Check ends with 3 exactly if resync ends with 3 or 5 before its first question, on every kind of machine."""
    spoil(machine, script)

    assert_agreed(onbox, '"$@"', code)


@pytest.mark.root
@pytest.mark.parametrize(("name", "code", "script"), [(name, *row) for name, row in ROOT.items()], ids=ROOT)
def test_machines_of_root(machine: Machine, onbox: Onbox, name: str, code: str, script: str) -> None:
    """The same rule holds for machines that only root can spoil; an account that may not run onbox makes nothing."""
    start = {"root": 'shift 4; "$@"', "another user": f'chmod a+x "{CHECKOUT.parent}"; shift 4; {OTHER} "$@"'}
    if name in start:
        script = "chown root $config; chmod 711 .; " + script
    spoil(machine, script, root=True)

    assert_agreed(onbox, start.get(name, '"$@"'), code)
    assert name not in start or not machine.audit.exists()


def test_another_run(machine: Machine, onbox: Onbox) -> None:
    """A run that waits at its first question stops every other one, and check says so."""
    assert machine == onbox.machine
    first = onbox.spawn("resync")
    first.expect(ASKS)

    assert_agreed(onbox, '"$@"', "another-run")

    first.close(force=True)


def test_quota(machine: Machine, onbox: Onbox) -> None:
    """A quota is met like a full disk."""
    (machine.audit / "ballast").unlink()
    stage = machine.folder / "stage"
    stage.mkdir()
    (stage / "sitecustomize.py").write_text(QUOTA)

    assert_agreed(onbox, f'export PYTHONPATH="{stage}:$PYTHONPATH"; "$@"', "journal-write")


# No file system here has quotas, so the first large write meets one.
QUOTA = """
import errno, os
write = os.write
def limited(descriptor, content):
    if len(content) > 4096:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    return write(descriptor, content)
os.write = limited
"""


@pytest.fixture
def subject(appliance: Machine) -> Subject:
    """Return a machine that has no journal yet and no syslog."""
    return Subject(Settings(home=appliance.home, directory=appliance.audit, syslog=""), identify())


def found(subject: Subject, check: str, **settings: Any) -> str:
    """Return the code that a check finds with other settings."""
    row = next(row for row in CHECKS if row[0] == check)
    (finding,) = examine(replace(subject, settings=replace(subject.settings, **settings)), [row])
    return finding.code


def test_fingerprint(subject: Subject) -> None:
    """Replacing rsautil, changing it or its mode changes its fingerprint; running it does not."""
    rsautil = subject.settings.rsautil
    before = fingerprint(subject)
    subprocess.run([rsautil, "--help"], stdout=subprocess.DEVNULL, check=True)
    assert before == fingerprint(subject)

    prints = {before}
    shutil.copy2(rsautil, rsautil.with_name("copy"))
    rsautil.with_name("copy").replace(rsautil)
    prints.add(fingerprint(subject))
    rsautil.chmod(0o700)
    prints.add(fingerprint(subject))
    os.utime(rsautil, ns=(0, 0))
    prints.add(fingerprint(subject))
    rsautil.write_text("")
    prints.add(fingerprint(subject))

    assert 5 == len(prints)


def test_terminal_without_a_name(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of another container has no name here, and a process group that reads as 0: a person all the same."""
    monkeypatch.setattr(sys, "stdin", object())
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(os, "open", lambda *_: os.dup(2))
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: 0)

    assert "check-passed" == found(subject, "terminal")


def test_syslog(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that takes records is all that can be said; one that leads to journald alone is worth a warning."""
    log, journald, forwarded = tmp_path / "log", tmp_path / "dev-log", tmp_path / "syslog"
    monkeypatch.setattr(preflight, "_JOURNALD", journald)
    monkeypatch.setattr(preflight, "_FORWARDED", str(forwarded))
    assert "syslog-off" == found(subject, "syslog")
    assert "syslog-silent" == found(subject, "syslog", syslog=str(log))
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
    """The clock is synchronised if systemd-timesyncd says so, perhaps if a program for it runs; else nobody knows."""
    monkeypatch.setattr(preflight, "_SYNCHRONISED", tmp_path / "synchronized")
    monkeypatch.setattr(preflight, "_TIME_KEEPERS", {"rehearsald": "'rehearse'"})
    assert "time-unknown" == found(subject, "time")

    keeper = shutil.copy2("/bin/sleep", tmp_path / "rehearsald")
    with subprocess.Popen([keeper, "60"]) as process:
        # The kernel names a program a moment after it is there.
        while "rehearsald" not in Path(f"/proc/{process.pid}/comm").read_text():
            time.sleep(0.01)
        assert "check-passed" == found(subject, "time")
        process.kill()

    (tmp_path / "synchronized").touch()
    assert "check-passed" == found(subject, "time")


def test_examine(subject: Subject) -> None:
    """Every check has its finding; what is no error stops no run, and the first error does."""
    subject.settings.rsautil.chmod(0o757)
    subject.settings.directory.chmod(0o770)

    findings = examine(subject)

    assert [name for name, _, _ in CHECKS] == [finding.check for finding in findings]
    assert "rsautil-unsafe" == getattr(first_stop(findings[2:3]), "code", None)
    assert first_stop(finding for finding in findings if finding.state != "error") is None
    assert all(finding.as_json()["advice"] for finding in findings if finding.state != "ok")


def test_allowed(subject: Subject) -> None:
    """A run that relies on a setting that allows more is told of, for its record."""
    subject.settings.rsautil.chmod(0o775)
    group = writers.group_name(subject.settings.rsautil.stat().st_gid)

    findings = examine(replace(subject, settings=replace(subject.settings, trusted_group=group)))

    assert 1 == len(allowed(findings))
    assert group in allowed(findings)[0]
    assert [] == allowed(examine(subject))


@pytest.mark.parametrize(
    ("states", "expected"),
    [("ok", "ok"), ("ok warning ok", "warning"), ("warning error ok", "error"), ("error", "error")],
)
def test_worst(states: str, expected: str) -> None:
    """A machine is no better than the worst finding."""
    assert expected == worst([Finding(cast("State", state), "check-passed") for state in states.split()])


@pytest.mark.parametrize(("stops", "state"), [(True, "error"), (False, "warning")])
def test_check_that_breaks(subject: Subject, *, stops: bool, state: str) -> None:
    """A check that fails in an unforeseen way becomes a finding, and says no more than the kind of error."""

    def breaks(_: Subject) -> Finding:
        raise LookupError("Sentinel-1!")

    (finding,) = examine(subject, [("new", breaks, stops)])

    assert (state, "unexpected", {"detail": "LookupError"}) == (finding.state, finding.code, finding.facts)
