"""The Operations Console administrator: the name, the password, and the guard against a lockout."""

import re
import resource
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from onbox import rsautil
from onbox.audit.record import VERIFIED, Process
from onbox.audit.runs import denials
from onbox.errors import OnboxError
from onbox.rsautil import Answer
from onbox.run import Administrator, Run
from onbox.secret import Secret

# Documented: five failed logins lock the account for 60 minutes.
# Whether those through rsautil count is not, so they do here.
LOCKOUT = timedelta(minutes=60)
_WARN_FROM, _REFUSE_FROM = 3, 4
# Documented: 1 to 255 basic ASCII characters without space, @ and ~.
# One that begins with a hyphen would be read by rsautil as an option.
_NAME = re.compile(r"(?!-)[!-?A-}]{1,255}")
# What fits into one line of a terminal; documented are 8 to 32 characters, which rsautil is left to judge.
_LONGEST_PASSWORD = 1024


@dataclass(frozen=True)
class Guard:
    """How close an administrator is to a lockout: the failed checks of the last 60 minutes."""

    admin: str
    count: int
    until: datetime | None

    @property
    def warns(self) -> bool:
        """Tell whether the person must be asked before another try."""
        return self.count >= _WARN_FROM

    def require_room(self) -> None:
        """See that one more wrong password could not lock the account.

        Raises:
            OnboxError: when it could; it says until when.
        """
        if self.until is not None:
            until = f"{self.until.astimezone():%H:%M on %Y-%m-%d}"
            raise OnboxError("lockout-guard", admin=self.admin, count=self.count, until=until)


def guard(admin: str, denials: list[datetime]) -> Guard:
    """Weigh the DENIALS of ADMIN in the last 60 minutes, the oldest first."""
    blocked = len(denials) >= _REFUSE_FROM
    return Guard(admin, len(denials), denials[-_REFUSE_FROM] + LOCKOUT if blocked else None)


def require_name(name: str) -> str:
    """Give NAME back if an Operations Console administrator can have it.

    Raises:
        OnboxError: when the documented rules don't allow it, or rsautil would take it for an option.
    """
    if not _NAME.fullmatch(name):
        raise OnboxError("admin-name", name=repr(name) if name else "An empty text")
    return name


def require_password(password: Secret) -> Secret:
    """Give PASSWORD back if it can be typed at a prompt; whether it is right is for rsautil to judge.

    Raises:
        OnboxError: when it is empty, too long for a terminal's line, or holds what a terminal would act upon.
    """
    problems = (
        (not len(password), "is empty"),
        (password.has_control_characters(), "holds a control character"),
        (len(password) > _LONGEST_PASSWORD, f"is longer than {_LONGEST_PASSWORD} bytes"),
    )
    for found, detail in problems:
        if found:
            raise OnboxError("password-unusable", detail=detail)
    return password


class AdministratorDeniedError(OnboxError):
    """Rsautil got the password and did not prove that the person is an Operations Console administrator."""

    def __init__(self, answer: Answer, admin: str, process: Process) -> None:
        """Take the words from the verdict of ANSWER, which PROCESS gave."""
        super().__init__(answer.verdict.message, admin=admin)
        self.fields = {"evidence": answer.evidence, "process": process.fields()}


def verified_administrator(run: Run, held: ExitStack) -> Administrator:
    """Ask for name and password, and have rsautil check them; HELD forgets the password at the latest.

    Raises:
        AdministratorDeniedError: when rsautil got the password and did not prove it right.
        OnboxError: for every other reason to stop.
    """
    console, trail = run.console, run.trail
    given = run.request.admin
    name = require_name(run.ask("Operations Console administrator: ") if given is None else given)
    trail.knows(admin=name)
    _guard_against_lockout(run, name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with run.interrupts.at_once():
        console.say("Five wrong passwords lock this account for 60 minutes.")
        password = console.ask_secret(f"Password of Operations Console administrator {name}: ")
    held.callback(password.forget)
    require_password(password)
    settings = run.subject.settings
    with console.working("Verify", "rsautil is asked; many silent seconds are normal") as tick:
        answer = rsautil.check_administrator(settings, name, password, run.watching(tick))
    process = run.process(rsautil.CHECK_ARGUMENTS, answer)
    if answer.verdict.outcome == "success":
        trail.write(VERIFIED, "success", process=process.fields(), message="")
        console.step("ok", "Verify", f"{name} is an Operations Console administrator")
        return Administrator(name, password)
    if answer.password_sent:
        raise AdministratorDeniedError(answer, name, process)
    raise OnboxError(answer.verdict.message, admin=name)


def _guard_against_lockout(run: Run, name: str) -> None:
    now = datetime.now(UTC)
    state = guard(name, denials(run.trail.journal.records_from_end(), name, now, LOCKOUT))
    state.require_room()
    if state.warns:
        run.console.step("warning", "Lockout", f"{state.count} checks of {name} failed in the last 60 minutes.")
        if run.ask("Type yes to try again: ") != "yes":
            raise OnboxError("lockout-close", admin=name, count=state.count)
