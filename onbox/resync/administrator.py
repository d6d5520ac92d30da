"""The Operations Console administrator: asks for name and password, and has rsautil check the login."""

import re
import resource
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from onbox.audit.lockout import WARN_FROM, Guard, guards
from onbox.audit.record import MOST_CHARACTERS, VERIFIED, process, shown
from onbox.errors import Code, OnboxError, message
from onbox.resync.session import Session
from onbox.rsautil import commands
from onbox.secret import Fingerprint, Secret

# Documented: 1 to 255 basic ASCII characters without space, @ and ~ (docs/appliance.md).
# One that begins with a hyphen would be read by rsautil as an option.
_NAME = re.compile(r"(?!-)[!-?A-}]{1,255}")
# A terminal acts upon control characters, and a line of rsautil's terminal holds 1024 bytes with some room.
_IMPOSSIBLE = (
    (rb"^\Z", "is empty"),
    (rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]", "contains a control character, such as that of an arrow key"),
    (rb"^.{1025}", "is too long for a line of a terminal"),
)
# The vendor excludes these from passwords (docs/appliance.md).
_UNLIKELY = (
    (rb"[ @~]", "contains a space, @ or ~"),
    (rb"[^\x00-\x7f]", "contains a character that is not basic ASCII"),
    (rb"^(.{0,7}|.{33,})\Z", "does not have 8 to 32 characters"),
)


@dataclass(frozen=True)
class Administrator:
    """The person, as rsautil verified them.

    The password lasts until it is typed for the update; `printed` recognises the secret that the login check printed.
    """

    name: str
    password: Secret
    printed: Fingerprint | None


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
    Every other one is forgotten; its digest is kept to recognise it.
    """
    refused = set[bytes]()

    def accept(password: Secret) -> Secret:
        impossible = [detail for pattern, detail in _IMPOSSIBLE if password.has(pattern)]
        if password.occurs_in(name):  # the name is recorded
            impossible.append("is a part of the administrator's name that you typed")
        unlikely = [detail for pattern, detail in _UNLIKELY if password.has(pattern)]
        digest = password.fingerprint().digest
        if not impossible and (not unlikely or digest in refused):
            return password
        refused.add(digest)
        password.forget()
        code: Code = "password-impossible" if impossible else "password-unlikely"
        raise OnboxError(code, detail=" and ".join(impossible or unlikely))

    return accept


def require_text(what: str, text: str | None, password: Secret | None = None) -> str:
    """Give TEXT back, the `note` or `ticket` (None: there is none), if it can go on record.

    Raises:
        OnboxError: if it is empty, too long for the syslog copy, or contains PASSWORD, in capital or small letters.
    """
    if text is not None and not text:
        raise OnboxError("note-missing")
    if text and len(text) > MOST_CHARACTERS[what]:
        raise OnboxError("text-too-long", what=what, most=MOST_CHARACTERS[what])
    if text and password and password.occurs_in(text):
        raise OnboxError("text-with-password", what=what)
    return text or ""


def verify_administrator(session: Session, held: ExitStack) -> Administrator:
    """Ask for name and password, and have rsautil check them; HELD forgets the password at the latest.

    Raises:
        OnboxError: if rsautil did not prove the password right, and for every other reason to stop.
    """
    console, settings, request = session.console, session.subject.settings, session.request
    question = "Operations Console administrator: "
    name = session.prompts.ask(question, require_name) if request.admin is None else require_name(request.admin)
    warnings = _guard_against_lockout(session, name)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    console.step("", "Lockout", "Five wrong passwords lock this account for 60 minutes.")
    question = f"Password of Operations Console administrator {name}: "
    password = session.prompts.ask_secret(question, password_rules(name))
    held.callback(password.forget)
    require_text("ticket", request.ticket, password)
    require_text("note", request.note, password)
    session.log = session.log.bind(warnings=warnings)
    tick = console.working("Login", "Checking the login with rsautil (can take a minute)")
    try:
        answer = commands.check_login(settings, name, password, tick)
    finally:
        if password.revealed:
            session.denied = True
            session.log = session.log.bind(admin=name)
    said, argv = answer.transcript, (str(settings.rsautil), *commands.CHECK_ARGUMENTS)
    ended = process(argv, said.exit_code, said.signal, said.seconds)
    session.log = session.log.bind(process=ended, evidence=answer.evidence)
    facts = {"admin": name, "detail": said.problem, "folder": settings.rsautil.parent}
    words = message(answer.code, **facts)
    if answer.code != "admin-verified":
        raise OnboxError(words.code, **facts)
    session.denied = False
    session.log.info(VERIFIED, **words.on_record())
    console.step("ok", "Login", words.what)
    return Administrator(name, password, answer.secret)


def _guard_against_lockout(session: Session, name: str) -> tuple[str, ...]:
    """Stop short of a lockout; give the warning to record if the person went on in spite of the guard."""
    state = guards(session.writer.journal.records_from_end(), datetime.now(UTC)).get(name.casefold(), Guard(name))
    if state.refused_until and not state.rests_on_correction:
        raise OnboxError("lockout-guard", admin=name, count=state.count, until=shown(state.refused_until))
    if state.count < WARN_FROM:
        return ()
    doubt = f"{state.count} login checks of {name} failed in the last 60 minutes."
    if state.rests_on_correction:
        doubt += " The clock was wrong for some of them, so onbox corrected their times."
    session.console.step("warning", "Lockout", f"{doubt} The fifth locks the account.")
    session.prompts.choose(f"Type {name} to try again: ", {name: name})
    return (f"The lockout guard was overridden. {doubt}",) if state.rests_on_correction else ()
