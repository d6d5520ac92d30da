"""The question before the change: why, what exactly will happen, and is this the right host."""

import shlex
from dataclasses import dataclass

from onbox.audit.record import MOST_CHARACTERS
from onbox.errors import OnboxError
from onbox.identity import address_of_this_host
from onbox.resync.administrator import Administrator
from onbox.resync.reasons import REASONS, Reason
from onbox.resync.session import Request, Session
from onbox.rsautil import commands


def require_usable(request: Request, host: str) -> None:
    """Refuse early what the REQUEST itself makes impossible on this HOST, before a password is asked.

    Raises:
        OnboxError: when a note is missing, a text too long, or another host was meant.
    """
    if request.reason == "other" and not request.note:
        raise OnboxError("note-missing")
    require_short("note", request.note)
    require_short("ticket", request.ticket)
    if request.confirm is not None and request.confirm != host and not request.dry_run:
        raise OnboxError("not-confirmed", host=host)


def require_short(what: str, text: str | None) -> None:
    """See that TEXT, the `note` or `ticket`, is so short that a record always fits into one syslog message.

    Raises:
        OnboxError: when it is longer.
    """
    if text and len(text) > MOST_CHARACTERS[what]:
        raise OnboxError("text-too-long", what=what, most=MOST_CHARACTERS[what])


def command_line(admin: str) -> str:
    """Give the update as a person would type it in the folder of rsautil."""
    return shlex.join(("./rsautil", *commands.update_arguments(admin)))


@dataclass(frozen=True)
class Answers:
    """What the person answered, as it goes on record."""

    reason: Reason
    ticket: str | None
    note: str | None


def confirm(session: Session, administrator: Administrator) -> Answers:
    """Ask for the reason, show what will happen, and have the person type the name of this host."""
    request, console, host = session.request, session.console, session.host.name
    reason = request.reason or _ask_reason(session)
    note = request.note
    if reason == "other" and not note:
        note = session.ask("Note: ")
        if not note:
            raise OnboxError("note-missing")
        require_short("note", note)
    where = f"{host}, {address}" if (address := address_of_this_host()) else host
    console.facts(
        [
            ("Host", f"{where}; it must be the primary instance"),
            ("Administrator", administrator.name),
            ("Reason", REASONS[reason]),
            *([("Note", note)] if note else []),
            *([("Ticket", request.ticket)] if request.ticket else []),
            ("Command", command_line(administrator.name)),
            ("Effect", "All token records will be synchronised again, for all users."),
            ("Undo", "This cannot be undone. Running it again is safe."),
        ]
    )
    if request.confirm is None:
        _ask_host_name(session, host)
    return Answers(reason, request.ticket, note)


def _ask_reason(session: Session) -> Reason:
    lines = [f"{number} {text}" for number, text in enumerate(REASONS.values(), 1)]
    session.console.facts([("Why?", lines[0]), *(("", line) for line in lines[1:])])
    answer = session.ask(f"Reason [1-{len(REASONS)}]: ")
    choices: dict[str, Reason] = {reason: reason for reason in REASONS}
    choices |= {str(number): reason for number, reason in enumerate(REASONS, 1)}
    if answer not in choices:
        raise OnboxError("reason-unknown", answer=repr(answer))
    return choices[answer]


def _ask_host_name(session: Session, host: str) -> None:
    for question in ("Type the host name to go ahead: ", f"That is not {host}. Type the host name to go ahead: "):
        answer = session.ask(question)
        if answer == host:
            return
    raise OnboxError("not-confirmed", host=host)
