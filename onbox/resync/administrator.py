"""The Operations Console administrator: asks for name and password, and has them checked."""

import re
import resource
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from onbox.audit.history import denials
from onbox.audit.lockout import LOCKOUT, guard
from onbox.audit.log import actor
from onbox.audit.record import VERIFIED
from onbox.errors import Code, OnboxError
from onbox.resync.session import Session
from onbox.rsautil import commands
from onbox.secret import Secret

# Documented: 1 to 255 basic ASCII characters without space, @ and ~.
# One that begins with a hyphen would be read by rsautil as an option.
_NAME = re.compile(r"(?!-)[!-?A-}]{1,255}")
# What fits into one line of a terminal; documented are 8 to 32 characters, which rsautil is left to judge.
_LONGEST_PASSWORD = 1024


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


@dataclass(frozen=True)
class Administrator:
    """The person, as rsautil verified them; the password lasts until it is typed for the update."""

    name: str
    password: Secret


class AdministratorDeniedError(OnboxError):
    """Rsautil got the password and did not prove that the person is an Operations Console administrator."""

    def __init__(self, code: Code, admin: str, **fields: object) -> None:
        """Take the CODE for ADMIN, and the FIELDS that tell more of it on record."""
        super().__init__(code, admin=admin)
        self.admin = admin
        self.fields = fields


def verify_administrator(session: Session, held: ExitStack) -> Administrator:
    """Ask for name and password, and have rsautil check them; HELD forgets the password at the latest.

    Raises:
        AdministratorDeniedError: when rsautil got the password and did not prove it right.
        OnboxError: for every other reason to stop.
    """
    console, settings = session.console, session.subject.settings
    given = session.request.admin
    name = require_name(session.ask("Operations Console administrator: ") if given is None else given)
    _guard_against_lockout(session, name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with session.interrupts.at_once():
        console.say("Five wrong passwords lock this account for 60 minutes.")
        password = console.ask_secret(f"Password of Operations Console administrator {name}: ")
    held.callback(password.forget)
    require_password(password)
    try:
        with console.working("Login", "Checking the login with rsautil (can take a minute)") as tick:
            answer = commands.check_administrator(settings, name, password, session.watching(tick))
    except OnboxError as interrupted:
        # The appliance may count the login as failed, so the guard against a lockout must too.
        if password.revealed:
            raise AdministratorDeniedError(interrupted.code, name) from None
        raise
    process = session.process(commands.CHECK_ARGUMENTS, answer)
    if answer.verdict.outcome == "success":
        known = actor(session.subject.caller, name)
        session.log.info(VERIFIED, actor=known, outcome="success", code="admin-verified", process=process)
        console.step("ok", "Login", f"{name} is an Operations Console administrator")
        return Administrator(name, password)
    if answer.password_sent:
        raise AdministratorDeniedError(answer.verdict.message, name, evidence=answer.evidence, process=process)
    raise OnboxError(answer.verdict.message, admin=name)


def _guard_against_lockout(session: Session, name: str) -> None:
    now = datetime.now(UTC)
    state = guard(name, denials(session.journal.records_from_end(), name, now, LOCKOUT))
    state.require_room()
    if state.warns:
        session.console.step("warning", "Lockout", f"{state.count} checks of {name} failed in the last 60 minutes.")
        if session.ask("Type yes to try again: ") != "yes":
            raise OnboxError("lockout-close", admin=name, count=state.count)
