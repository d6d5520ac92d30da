"""The checks before anything is asked or done, each a small function."""

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from onbox.audit import syslog
from onbox.audit.files import open_own
from onbox.audit.journal import BALLAST, BALLAST_BYTES, FILE, Journal
from onbox.errors import Code, ExitCode, OnboxError
from onbox.identity import Caller, account_name
from onbox.messages import message_of
from onbox.settings import Settings

_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIME_KEEPERS = {"chronyd": "'chronyc tracking'", "ntpd": "'ntpq -p'"}

State = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Subject:
    """What is checked."""

    settings: Settings
    caller: Caller


@dataclass(frozen=True)
class Finding:
    """What a check found; a warning never blocks a run."""

    check: str
    state: State
    detail: str
    advice: str = ""


def check_user(subject: Subject) -> str:
    """Require the owner of rsautil, who by the vendor's documents need not be called rsaadmin, and never root."""
    caller = subject.caller
    if caller.uid == 0:
        raise OnboxError("root", owner="the owner of rsautil")
    owner = _status(subject.settings.rsautil).st_uid
    if owner != caller.uid:
        raise OnboxError("wrong-user", user=caller.os_user, owner=account_name(owner))
    return f"{caller.os_user}, the owner of rsautil"


def check_rsautil(subject: Subject) -> str:
    """Require a rsautil that the caller can run and nobody else could have changed."""
    path = subject.settings.rsautil
    status = _status(path)
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.X_OK):
        raise OnboxError("rsautil-not-executable", path=path)
    for place in _way_to(path):
        if _others_may_write(place.lstat()):
            raise OnboxError("rsautil-unsafe", path=place)
    return f"{path}, mode {stat.S_IMODE(status.st_mode):04o}"


def fingerprint(subject: Subject) -> tuple[int, ...]:
    """Give what tells this rsautil from one that took its place."""
    status = _status(subject.settings.rsautil)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid)


def check_terminal(subject: Subject) -> str:
    """Require a person: a terminal as standard input that is also the controlling one."""
    if subject.caller.tty is None:
        raise OnboxError("no-terminal", detail="standard input is not a terminal")
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        raise OnboxError("no-terminal", detail="the process has no controlling terminal") from None
    return subject.caller.tty


def check_journal(subject: Subject) -> str:
    """Require a journal that can be written and whose end is whole; nothing is written to find out."""
    folder = subject.settings.directory
    if not folder.exists() and os.access(folder.parent, os.W_OK | os.X_OK):
        return f"{folder}, made by the first run"
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK) and not any(folder.iterdir()):
        try:
            os.close(open_own(str(folder), os.O_RDONLY, subject.caller.uid, kind=stat.S_IFDIR))
        except OSError as error:
            raise OnboxError("journal-folder", path=folder, detail=error.strerror) from None
        return f"{folder}, empty"
    with closing(Journal(folder, subject.caller.uid, reading=True)) as journal:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OnboxError("journal-folder", path=folder, detail="it can't be written")
        with journal.chain() as tip:
            return f"{folder}, {tip.seq} records"


def check_privacy(subject: Subject) -> str:
    """Warn when others can read the audit folder."""
    folder = subject.settings.directory
    if folder.exists() and folder.stat().st_mode & 0o055:
        raise OnboxError("journal-readable", path=folder)
    return "the audit folder is yours alone"


def check_room(subject: Subject) -> str:
    """Warn when the disk of the journal is nearly full, and require room for the result where none is kept yet."""
    folder = subject.settings.directory
    status = os.statvfs(folder if folder.exists() else folder.parent)
    room = status.f_bavail * status.f_frsize
    if room < BALLAST_BYTES and not (folder / BALLAST).exists():
        raise OnboxError("journal-write", path=folder, detail=f"only {room // 1024} KiB are free")
    if room < 4 * BALLAST_BYTES:
        raise OnboxError("journal-room", path=folder, room=room // 1024)
    return f"{room // 2**20} MiB for the journal"


def check_syslog(subject: Subject) -> str:
    """Warn when the copy of the records will not leave the machine, and require it where the settings do."""
    path = subject.settings.syslog
    if not path:
        raise OnboxError("syslog-off")
    try:
        syslog.connect(path).close()
    except OSError as error:
        code: Code = "syslog-required" if subject.settings.syslog_required else "syslog-silent"
        raise OnboxError(code, detail=f"{path}: {error.strerror or error}") from None
    return path


def check_other_run(subject: Subject) -> str:
    """Warn when another run is under way."""
    folder = subject.settings.directory
    if (folder / FILE).exists():
        with closing(Journal(folder, subject.caller.uid, reading=True)) as journal:
            journal.claim_run()
    return "none under way"


def check_time(_: Subject) -> str:
    """Warn unless something keeps the clock right; the records' times depend on it.

    Only systemd-timesyncd leaves a word on whether it succeeded; of the others one sees that they run.
    """
    if _SYNCHRONISED.exists():
        return "synchronised, says systemd-timesyncd"
    for name in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            program = name.read_text("utf-8", "replace").strip()
            if program in _TIME_KEEPERS:
                return f"{program} runs; {_TIME_KEEPERS[program]} says whether it is in step"
    raise OnboxError("time-unknown")


def check_settings(subject: Subject) -> str:
    """Name the settings in use; a file that can't be used never gets this far."""
    return subject.settings.file or "the defaults"


Check = Callable[[Subject], str]

# name, check, and whether a run is refused when it fails
CHECKS: tuple[tuple[str, Check, bool], ...] = (
    ("settings", check_settings, True),
    ("user", check_user, True),
    ("rsautil", check_rsautil, True),
    ("terminal", check_terminal, False),
    ("journal", check_journal, True),
    ("privacy", check_privacy, False),
    ("room", check_room, False),
    ("syslog", check_syslog, False),
    ("other run", check_other_run, False),
    ("time", check_time, False),
)

# What is said of a machine by its worst finding, from good to bad.
VERDICTS: dict[State, Code] = {"ok": "check-ready", "warning": "check-warned", "error": "check-not-ready"}


def examine(subject: Subject) -> list[Finding]:
    """Run every check; one that fails in a way nobody foresaw becomes a finding too."""
    return [_finding(subject, *row) for row in CHECKS]


def worst(findings: Iterable[Finding]) -> State:
    """Give the state of the worst of FINDINGS, of which there is one at least."""
    return max((finding.state for finding in findings), key=list(VERDICTS).index)


def _finding(subject: Subject, name: str, check: Check, blocks: bool) -> Finding:
    state: State = "error" if blocks else "warning"
    try:
        return Finding(name, "ok", check(subject))
    except OnboxError as error:
        # Without a record no run goes on, whichever check finds that out.
        problem = message_of(error)
        if problem.exit_code == ExitCode.UNRECORDED:
            state = "error"
        return Finding(name, state, problem.what, problem.advice)
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide the others
        return Finding(name, state, f"The check itself failed ({type(error).__name__}).")


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise OnboxError("rsautil-missing", path=path, detail=error.strerror) from None


def _way_to(path: Path) -> Iterator[Path]:
    """Yield the file, its folders, and all that a symbolic link among them leads through."""
    for place in (path, *path.parents):
        yield place
        if place.is_symlink():
            yield from _way_to(place.parent / place.readlink())


def _others_may_write(status: os.stat_result) -> bool:
    """Tell whether anybody but root and the caller could change this; a sticky folder keeps others out.

    The mode of a symbolic link means nothing; who may replace it is up to its folder.
    """
    if status.st_uid not in (0, os.getuid()):
        return True
    if stat.S_ISLNK(status.st_mode) or (stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX):
        return False
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_private_group(status.st_gid, os.getuid())


def _is_private_group(gid: int, uid: int) -> bool:
    """Tell whether root and the account UID are the only members of the group GID: then they alone can write."""
    try:
        members = {pwd.getpwnam(name).pw_uid for name in grp.getgrgid(gid).gr_mem}
    except KeyError:
        return False
    members |= {account.pw_uid for account in pwd.getpwall() if account.pw_gid == gid}
    return bool(members) and members <= {0, uid}
