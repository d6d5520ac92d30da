"""The preflight checks, in one table: `onbox check` shows all results, `onbox resync` stops at the first error."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from onbox.audit import syslog
from onbox.audit.journal import Journal
from onbox.errors import MESSAGES, Code, ExitCode, Message, OnboxError, message
from onbox.identity import Caller, Host, account_name, group_name, identify, is_private, this_host
from onbox.settings import DEFAULT_FILE, Settings, load

# Programs that synchronise the clock, as the kernel names them.
_TIME_KEEPERS = {"chronyd", "ntpd", "systemd-timesyn"}
# journald's own socket, and the one through which it passes messages on to another syslog service.
_JOURNALD, _FORWARDED = Path("/run/systemd/journal/dev-log"), "/run/systemd/journal/syslog"
State = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Subject:
    """The object of the checks: the settings in use, the caller and this machine."""

    settings: Settings
    caller: Caller
    host: Host = field(default_factory=this_host)


def subject_of(config: Path | None) -> Subject:
    """Give the caller, and the settings of the file CONFIG, or of the default file.

    Raises:
        OnboxError: if the settings are missing, unsafe or not valid.
    """
    caller = identify()
    return Subject(load(config, caller.uid), caller)


@dataclass(frozen=True)
class Finding:
    """The result of one check: CODE and FACTS give the words."""

    code: Code
    facts: Mapping[str, object]
    check: str = ""

    @property
    def words(self) -> Message:
        """Give what was found and what to do."""
        return message(self.code, **self.facts)

    @property
    def state(self) -> State:
        """Give "error" for what ends a run: its words have the exit code for that."""
        if MESSAGES[self.code][0] in (ExitCode.REFUSED, ExitCode.UNRECORDED):
            return "error"
        return "ok" if self.code == "check-passed" else "warning"

    def as_json(self) -> dict[str, Any]:
        """Give the finding as docs/reference.md describes it."""
        what, advice = self.words.what, self.words.advice
        return {"check": self.check, "state": self.state, "code": self.code, "detail": what, "advice": advice}


def _found(code: Code, **facts: object) -> Finding:
    return Finding(code, facts)


def check_user(subject: Subject) -> Finding:
    """Require the account that runs rsautil, and never root.

    The vendor's account may have any name: it owns rsautil or, if root does, the folder `utils` (docs/appliance.md).
    """
    settings, caller = subject.settings, subject.caller
    try:
        owner = settings.rsautil.stat().st_uid or settings.rsautil.parent.stat().st_uid
    except OSError:  # check_rsautil says what is missing
        owner = caller.uid
    name = settings.user or (account_name(owner) if owner else "")
    if caller.uid == 0:
        return _found("root", owner=name or "the account that runs rsautil")
    if not name:
        return _found("account-unknown", folder=settings.rsautil.parent, file=settings.file or DEFAULT_FILE)
    if caller.uid != owner and caller.os_user != settings.user:
        return _found("wrong-user", user=caller.os_user, owner=name)
    return _found("check-passed", detail=f"{caller.os_user}, the account that runs rsautil")


def check_rsautil(subject: Subject) -> Finding:
    """Require a rsautil that the caller can start, and that only root, its owner and a trusted group can modify.

    Its owner, group and mode on an appliance are not documented (docs/appliance.md).
    If another rsautil takes the place of this one, the finding is not the same.
    """
    settings, path = subject.settings, subject.settings.rsautil
    try:
        status = path.stat()
    except OSError as error:
        return _found("rsautil-missing", path=path, detail=error.strerror)
    if not path.is_file() or not os.access(path, os.R_OK | os.X_OK):
        return _found("rsautil-not-executable", path=path)
    same = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid)
    finding = _found("check-passed", detail=f"{path}, mode {stat.S_IMODE(status.st_mode):04o}", same=same)
    trusted = {0, subject.caller.uid, status.st_uid}
    for place in _on_the_way(path):
        for kind, name in _writers(place, trusted):
            if kind == "account":
                return _found("rsautil-unsafe", path=place, who=name)
            if name != settings.trusted_group:
                return _found("rsautil-group", path=place, group=name, file=settings.file or DEFAULT_FILE)
            finding = _found("rsautil-trusted-group", group=name, same=same)
    return finding


def _on_the_way(path: Path) -> Iterator[Path]:
    """Yield PATH, the folders above it, and those that symbolic links among them lead through."""
    for place in (path, *path.parents):
        yield place
        if place.is_symlink():
            yield from _on_the_way(place.parent / place.readlink())


def _writers(place: Path, trusted: set[int]) -> Iterator[tuple[Literal["account", "group"], str]]:
    """Yield the kind and the name of who can modify or replace PLACE, beside the TRUSTED accounts."""
    status = place.lstat()
    mode = status.st_mode
    if status.st_uid not in trusted:
        yield "account", account_name(status.st_uid)
    # The mode of a symbolic link means nothing, and in a sticky folder only its owner can replace a file.
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return
    if mode & stat.S_IWOTH:
        yield "account", "every account"
    if mode & stat.S_IWGRP:
        with suppress(OSError):
            # With an ACL, these bits of the mode are the mask of all its entries, not the rights of the group.
            os.getxattr(place, "system.posix_acl_access")
            yield "account", "an account or group in its access control list (setfacl -b removes it)"
        if not is_private(status.st_gid, trusted):
            yield "group", group_name(status.st_gid)


def check_terminal(subject: Subject) -> Finding:
    """Require a person at a terminal: standard input, with a controlling terminal that onbox can read from."""
    if sys.stdin is None or not os.isatty(0):  # if it was closed, another file has its number now
        return _found("no-terminal", detail="standard input is not one")
    try:
        with Path("/dev/tty").open("r+b", buffering=0) as terminal:
            foreground = os.tcgetpgrp(terminal.fileno())
    except OSError:
        return _found("no-terminal", detail="this session has no controlling terminal (as after su -c)")
    # 0 stands for a process group of another PID namespace, which a container sees.
    if foreground not in (0, os.getpgrp()):
        return _found("in-background")
    return _found("check-passed", detail=subject.caller.tty or "a terminal without a name")


def check_journal(subject: Subject) -> Finding:
    """Open the journal and keep room in it for a run, as a run does before its first question.

    So it makes the files of the audit folder, but never for an account that may not run onbox.
    """
    if check_user(subject).state == "error":
        return _found("journal-not-checked")
    with closing(Journal(subject.settings.directory, subject.caller.uid)) as journal:
        journal.claim_run()
        with journal.chain() as (head, incomplete):
            journal.reserve()
        if incomplete:
            return _found("audit-torn", path=journal.path)
        if journal.warnings:
            return _found("journal-flaw", detail=" ".join(journal.warnings))
        return _found("check-passed", detail=f"{journal.path}, {head.seq} records")


def check_syslog(subject: Subject) -> Finding:
    """Warn if no socket takes the syslog copy, or if it stays in journald; require the socket if the settings do."""
    path = subject.settings.syslog
    if not path:
        return _found("syslog-off")
    try:
        syslog.connect(path).close()
    except OSError as error:
        code: Code = "syslog-required" if subject.settings.syslog_required else "syslog-silent"
        return _found(code, detail=f"{path}: {error.strerror or error}")
    if _JOURNALD.exists() and _JOURNALD.samefile(path):
        try:
            syslog.connect(_FORWARDED).close()
        except OSError as error:
            # Another error is that of a socket that is open, but not to this account.
            if isinstance(error, FileNotFoundError | ConnectionRefusedError):
                return _found("syslog-journald", path=path)
    return _found("check-passed", detail=f"{path} takes records; whether they leave this machine cannot be seen here")


def check_time(_: Subject) -> Finding:
    """Warn if no program is seen that synchronises the clock; the times in the records depend on it."""
    for name in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            if (program := name.read_text("utf-8", "replace").strip()) in _TIME_KEEPERS:
                return _found("check-passed", detail=f"{program} is running")
    return _found("time-unknown")


CHECKS: dict[str, Callable[[Subject], Finding]] = {
    "settings": lambda subject: _found("check-passed", detail=subject.settings.file or "the defaults"),
    "user": check_user,
    "rsautil": check_rsautil,
    "terminal": check_terminal,
    "journal": check_journal,
    "syslog": check_syslog,
    "time": check_time,
}


def examine(subject: Subject, names: Iterable[str] = CHECKS) -> list[Finding]:
    """Make the checks with these NAMES; one that fails in an unforeseen way has a finding too."""
    findings = []
    for name in names:
        try:
            finding = CHECKS[name](subject)
        except OnboxError as error:
            finding = _found(error.code, **error.facts)
        except Exception as error:  # noqa: BLE001 - a check that breaks must not hide the others
            finding = _found("unexpected", detail=type(error).__name__)
        findings.append(replace(finding, check=name))
    return findings


def verdict(findings: Iterable[Finding]) -> Code:
    """Give the code for a machine, by the worst of its FINDINGS."""
    states = {finding.state for finding in findings}
    if "error" in states:
        return "check-not-ready"
    return "check-warned" if "warning" in states else "check-ready"


def first_stop(findings: Iterable[Finding]) -> OnboxError | None:
    """Give the error that ends a run because of FINDINGS; None if nothing forbids the run."""
    return next((OnboxError(finding.code, **finding.facts) for finding in findings if finding.state == "error"), None)
