"""The Operations Console administrator: asks for name and password, and has rsautil check the login."""

import re
import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from onbox.audit.history import shown
from onbox.audit.lockout import WARN_FROM, Guard, guards
from onbox.audit.log import actor
from onbox.audit.record import VERIFIED
from onbox.errors import Code, OnboxError
from onbox.resync.session import Session
from onbox.rsautil import commands
from onbox.secret import Fingerprint, Secret

# Documented: 1 to 255 basic ASCII characters without space, @ and ~ (docs/appliance.md).
# One that begins with a hyphen would be read by rsautil as an option.
_NAME = re.compile(r"(?!-)[!-?A-}]{1,255}")
# A line of rsautil's terminal holds this with some room; the vendor's rule is far below.
_LONGEST_PASSWORD = 1024
# The vendor excludes these from passwords (docs/appliance.md).
_UNLIKELY = (
    (rb" ", "contains a space"),
    (rb"@", "contains the character @"),
    (rb"~", "contains the character ~"),
    (rb"[^\x00-\x7f]", "contains a character that is not basic ASCII"),
    (rb"^.{0,7}\Z", "is shorter than 8 characters"),
    (rb"^.{33}", "is longer than 32 characters"),
)


@dataclass(frozen=True)
class Administrator:
    """The person, as rsautil verified them.

    The password lasts until it is typed for the update; `printed` recognises the secret that the login check printed.
    """

    name: str
    password: Secret
    printed: Fingerprint | None


class AdministratorDeniedError(OnboxError):
    """Rsautil did not prove that the person is an Operations Console administrator.

    `sent` says whether it got the password: only then the login may count towards a lockout.
    """

    def __init__(self, code: Code, admin: str, *, sent: bool = True, detail: str = "", **fields: object) -> None:
        """Take the CODE for ADMIN with its DETAIL, and the FIELDS that tell more of it on record."""
        super().__init__(code, admin=admin, detail=detail)
        self.admin = admin
        self.sent = sent
        self.fields = fields


def require_name(name: str) -> str:
    """Give NAME back if an Operations Console administrator can have it.

    Raises:
        OnboxError: if the documented rules exclude it, or rsautil would take it for an option.
    """
    if not _NAME.fullmatch(name):
        raise OnboxError("admin-name")
    return name


def password_rules(name: str) -> Callable[[Secret], Secret]:
    """Give what accepts a password of the administrator NAME, before a wrong one costs one of five tries.

    A password that only the vendor's rules exclude is accepted if it is typed again.
    Every other one is forgotten; its fingerprint is kept to recognise it.
    """
    refused: list[Fingerprint] = []

    def accept(password: Secret) -> Secret:
        impossible = _impossible(password, name)
        unlikely = [detail for pattern, detail in _UNLIKELY if password.has(pattern)]
        if not impossible and (not unlikely or any(map(password.is_the_one_of, refused))):
            return password
        refused.append(password.fingerprint())
        password.forget()
        if impossible:
            raise OnboxError("password-impossible", detail=impossible)
        raise OnboxError("password-unlikely", detail=" and ".join(unlikely))

    return accept


def _impossible(password: Secret, name: str) -> str:
    """Say why PASSWORD must never be sent; "" if it may be."""
    if not len(password):
        return "is empty"
    if password.has_control_characters():
        return "contains a control character, such as that of an arrow key"
    if len(password) > _LONGEST_PASSWORD:
        return "is too long for a line of a terminal"
    if password.occurs_in(name):  # the name is recorded
        return "is a part of the administrator's name that you typed"
    return ""


def require_no_password(what: str, text: str | None, password: Secret) -> None:
    """See that TEXT, the `note` or `ticket`, can go on record.

    Raises:
        OnboxError: if it contains PASSWORD, in capital or small letters.
    """
    if text and password.occurs_in(text):
        raise OnboxError("text-with-password", what=what)


def verify_administrator(session: Session, held: ExitStack) -> Administrator:
    """Ask for name and password, and have rsautil check them; HELD forgets the password at the latest.

    Raises:
        AdministratorDeniedError: if rsautil did not prove the password right.
        OnboxError: for every other reason to stop.
    """
    console, settings, request = session.console, session.subject.settings, session.request
    name = request.admin or session.prompts.ask("Operations Console administrator: ", require_name)
    warnings = _guard_against_lockout(session, name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    console.say("Five wrong passwords lock this account for 60 minutes.")
    question, refusal = f"Password of Operations Console administrator {name}: ", OnboxError("password-unusable")
    password = session.prompts.ask_secret(question, password_rules(name), refusal)
    held.callback(password.forget)
    require_no_password("ticket", request.ticket, password)
    require_no_password("note", request.note, password)
    try:
        with console.working("Login", "Checking the login with rsautil (can take a minute)") as tick:
            answer = commands.check_login(settings, name, password, session.watching(tick))
    except OnboxError as interrupted:
        # The appliance may count the login as failed, so the guard against a lockout must too.
        if password.revealed:
            raise AdministratorDeniedError(interrupted.code, name, warnings=warnings) from None
        raise
    process = session.process(commands.CHECK_ARGUMENTS, answer)
    if answer.verdict.outcome == "success":
        log = session.log.bind(actor=actor(session.subject.caller, name), process=process, warnings=warnings)
        log.info(VERIFIED, outcome="success", code="admin-verified")
        console.step("ok", "Login", f"{name} is an Operations Console administrator")
        return Administrator(name, password, answer.secret)
    fields = {"evidence": answer.evidence, "process": process, "warnings": warnings}
    detail, sent = answer.transcript.problem, answer.transcript.sent
    raise AdministratorDeniedError(answer.verdict.code, name, sent=sent, detail=detail, **fields)


def _guard_against_lockout(session: Session, name: str) -> tuple[str, ...]:
    """Stop short of a lockout; give the warning to record if the person went on in spite of the guard."""
    found = guards(session.journal.records_from_end(), datetime.now(UTC))
    state = found.get(name.casefold(), Guard(name))
    if state.refused_until and not state.rests_on_correction:
        raise OnboxError("lockout-guard", admin=name, count=state.count, until=shown(state.refused_until))
    if state.count < WARN_FROM:
        return ()
    doubt, word = f"{state.count} login checks of {name} failed in the last 60 minutes.", "yes"
    overridden: tuple[str, ...] = ()
    if state.rests_on_correction:
        doubt, word = f"{doubt} The clock was wrong for some of them, so onbox corrected their times.", name
        overridden = (f"The lockout guard was overridden. {doubt}",)
    session.console.step("warning", "Lockout", f"{doubt} The fifth locks the account.")
    accept = exactly(word, f"Type {word} to go on, or press ^C to stop")
    stopped = OnboxError("lockout-close", admin=name, count=state.count)
    session.prompts.ask(f"Type {word} to try again: ", accept, stopped)
    return overridden


def exactly(expected: str, wanted: str) -> Callable[[str], str]:
    """Give what accepts the answer EXPECTED and no other; WANTED tells the person what to type."""

    def accept(answer: str) -> str:
        if answer != expected:
            raise OnboxError("answer-unknown", wanted=wanted)
        return answer

    return accept
