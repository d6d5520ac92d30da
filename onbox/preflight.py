"""The preflight checks, in one table: `onbox check` shows all results, `onbox resync` stops at the first error."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from onbox.audit import syslog
from onbox.audit.journal import Journal
from onbox.errors import Code, OnboxError
from onbox.identity import Caller, account_name
from onbox.messages import Message, message
from onbox.settings import DEFAULT_FILE, Settings
from onbox.writers import writers

_LONGEST_FIRST_LINE = 256  # what Linux reads of it
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIME_KEEPERS = {"chronyd": "'chronyc tracking'", "ntpd": "'ntpq -p'"}
# journald's own socket, and the one through which it passes messages on to another syslog service.
_JOURNALD, _FORWARDED = Path("/run/systemd/journal/dev-log"), "/run/systemd/journal/syslog"
State = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Subject:
    """The object of the checks: the settings in use and the caller."""

    settings: Settings
    caller: Caller


@dataclass(frozen=True)
class Finding:
    """The result of one check; an error stops a run, a warning does not. CODE and FACTS give the words."""

    state: State
    code: Code
    facts: Mapping[str, object] = field(default_factory=dict)
    check: str = ""

    @property
    def words(self) -> Message:
        """Give what was found and what to do."""
        return message(self.code, **self.facts)

    def as_json(self) -> dict[str, Any]:
        """Give the finding as docs/reference.md describes it."""
        result = {"check": self.check, "state": self.state, "code": self.code}
        return {**result, "detail": self.words.what, "advice": self.words.advice}


def _ok(detail: str) -> Finding:
    return Finding("ok", "check-passed", {"detail": detail})


def _warning(code: Code, **facts: object) -> Finding:
    return Finding("warning", code, facts)


def _error(code: Code, **facts: object) -> Finding:
    return Finding("error", code, facts)


def check_settings(subject: Subject) -> Finding:
    """Name the settings in use; a settings file that is not valid ends the command before any check."""
    return _ok(subject.settings.file or "the defaults")


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
        return _error("root", owner=name or "the account that runs rsautil")
    if not name:
        return _error("account-unknown", folder=settings.rsautil.parent, file=settings.file or DEFAULT_FILE)
    if caller.uid != owner and caller.os_user != settings.user:
        return _error("wrong-user", user=caller.os_user, owner=name)
    return _ok(f"{caller.os_user}, the account that runs rsautil")


def check_rsautil(subject: Subject) -> Finding:
    """Require a rsautil that the caller can start, and that only root, its owner and a trusted group can modify.

    Its owner, group and mode on an appliance are not documented (docs/appliance.md).
    """
    settings, path = subject.settings, subject.settings.rsautil
    try:
        status = path.stat()
    except OSError as error:
        return _error("rsautil-missing", path=path, detail=error.strerror)
    if problem := _obstacle(path):
        return _error("rsautil-not-executable", path=path, detail=problem)
    finding = _ok(f"{path}, mode {stat.S_IMODE(status.st_mode):04o}")
    for writer in writers(path, {0, subject.caller.uid, status.st_uid}):
        if writer.kind != "group":
            return _error("rsautil-unsafe", path=writer.place, who=writer.name)
        if writer.name != settings.trusted_group:
            file = settings.file or DEFAULT_FILE
            return _error("rsautil-group", path=writer.place, group=writer.name, file=file)
        finding = _warning("rsautil-trusted-group", group=writer.name)
    return finding


def _obstacle(path: Path) -> str:
    """Say why PATH cannot be started, as far as that can be seen without starting it; "" if nothing is seen."""
    if not path.is_file() or not os.access(path, os.R_OK | os.X_OK):
        return "it is not a program that you can read and run"
    with path.open("rb") as file:
        line = file.readline(_LONGEST_FIRST_LINE)
    interpreter = line[2:].strip(b" \t\n").replace(b"\t", b" ").partition(b" ")[0].replace(b"\0", b"")
    if line.startswith(b"#!") and interpreter and not os.access(path.parent / os.fsdecode(interpreter), os.X_OK):
        return f"its first line names {os.fsdecode(interpreter)}, which is not a program that you can run"
    return ""


def fingerprint(subject: Subject) -> tuple[int, ...]:
    """Give what tells this rsautil from another one that takes its place.

    Raises:
        OSError: if it is gone.
    """
    status = subject.settings.rsautil.stat()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode, status.st_uid)


def check_terminal(subject: Subject) -> Finding:
    """Require a person at a terminal: standard input, with a controlling terminal that onbox can read from."""
    if sys.stdin is None or not os.isatty(0):  # if it was closed, another file has its number now
        return _error("no-terminal", detail="standard input is not one")
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return _error("no-terminal", detail="this session has no controlling terminal (as after su -c)")
    try:
        foreground = os.tcgetpgrp(terminal)
    finally:
        os.close(terminal)
    # 0 stands for a process group of another PID namespace, which a container sees.
    if foreground not in (0, os.getpgrp()):
        return _error("in-background")
    return _ok(subject.caller.tty or "a terminal without a name")


def check_journal(subject: Subject) -> Finding:
    """Open the journal and keep room in it for a run, as a run does before its first question.

    So it makes the files of the audit folder, but never for an account that may not run onbox.
    """
    if check_user(subject).state == "error":
        return _warning("journal-not-checked")
    folder = subject.settings.directory
    with closing(Journal(folder, subject.caller.uid)) as journal:
        journal.claim_run()
        head, incomplete = journal.end()
        journal.reserve()
        if incomplete:
            return _warning("audit-torn", path=journal.path)
        if journal.warnings:
            return _warning("journal-flaw", detail=" ".join(journal.warnings))
        if folder.stat().st_mode & 0o055:
            return _warning("journal-readable", path=folder)
        return _ok(f"{folder}, {head.seq} records")


def check_syslog(subject: Subject) -> Finding:
    """Warn if no socket takes the syslog copy, or if it stays in journald; require the socket if the settings do."""
    path, required = subject.settings.syslog, subject.settings.syslog_required
    if not path:
        return _warning("syslog-off")
    try:
        syslog.connect(path).close()
    except OSError as error:
        detail = f"{path}: {error.strerror or error}"
        return _error("syslog-required", detail=detail) if required else _warning("syslog-silent", detail=detail)
    if _JOURNALD.exists() and _JOURNALD.samefile(path) and not _has_reader(_FORWARDED):
        return _warning("syslog-journald", path=path)
    return _ok(f"{path} takes records; whether they leave this machine cannot be seen here")


def _has_reader(path: str) -> bool:
    """Tell whether a socket is open at PATH; one that this account cannot reach counts as open."""
    try:
        syslog.connect(path).close()
    except OSError as error:
        return not isinstance(error, FileNotFoundError | ConnectionRefusedError)
    return True


def check_time(_: Subject) -> Finding:
    """Warn if nothing is seen to synchronise the clock; the times in the records depend on it.

    Only systemd-timesyncd leaves a file that tells of success; of the others one sees that they run.
    """
    if _SYNCHRONISED.exists():
        return _ok("synchronised by systemd-timesyncd")
    for name in Path("/proc").glob("[0-9]*/comm"):
        with suppress(OSError):
            program = name.read_text("utf-8", "replace").strip()
            if program in _TIME_KEEPERS:
                return _ok(f"{program} is running; {_TIME_KEEPERS[program]} shows whether it is synchronised")
    return _warning("time-unknown")


Check = Callable[[Subject], Finding]
Row = tuple[str, Check, bool]

# Name, check, and whether its error stops a run: then a run makes it too.
CHECKS: tuple[Row, ...] = (
    ("settings", check_settings, False),
    ("user", check_user, True),
    ("rsautil", check_rsautil, True),
    ("terminal", check_terminal, True),
    ("journal", check_journal, True),
    ("syslog", check_syslog, True),
    ("time", check_time, False),
)
BEFORE_RUN = tuple(row for row in CHECKS if row[2])
BEFORE_UPDATE = tuple(row for row in CHECKS if row[0] in ("rsautil", "syslog"))

# The verdict on a machine, by its worst finding, from good to bad.
VERDICTS: dict[State, Code] = {"ok": "check-ready", "warning": "check-warned", "error": "check-not-ready"}


def examine(subject: Subject, rows: Iterable[Row] = CHECKS) -> list[Finding]:
    """Make the checks in ROWS; a check that fails in an unforeseen way gives a finding too."""
    return [replace(_finding(subject, check, stops), check=name) for name, check, stops in rows]


def _finding(subject: Subject, check: Check, stops: bool) -> Finding:
    try:
        return check(subject)
    except OnboxError as error:
        return _error(error.code, **error.facts)
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide the others
        return Finding("error" if stops else "warning", "unexpected", {"detail": type(error).__name__})


def worst(findings: Iterable[Finding]) -> State:
    """Give the state of the worst of FINDINGS, of which there is at least one."""
    return max((finding.state for finding in findings), key=list(VERDICTS).index)


def first_stop(findings: Iterable[Finding]) -> OnboxError | None:
    """Give the error that ends a run because of FINDINGS; None if nothing forbids the run."""
    return next((OnboxError(finding.code, **finding.facts) for finding in findings if finding.state == "error"), None)


def allowed(findings: Iterable[Finding]) -> list[str]:
    """Name the settings that allowed what would have stopped the run otherwise, for the audit record."""
    return [finding.words.what for finding in findings if finding.code == "rsautil-trusted-group"]
