"""The questions before the update: why, what exactly will happen, and is this the right host."""

import shlex

from onbox.audit.history import last_run
from onbox.audit.record import MOST_CHARACTERS
from onbox.errors import OnboxError
from onbox.identity import address_of_this_host
from onbox.resync.administrator import Administrator, exactly, require_name, require_no_password
from onbox.resync.reasons import REASONS, Reason
from onbox.resync.session import Request, Session
from onbox.rsautil import commands
from onbox.screen.runs import last_run_shown


def require_usable(request: Request, host: str) -> None:
    """Refuse early the values of options that can't be right on this HOST, before anything is asked.

    Raises:
        OnboxError: if the name is impossible, a note is missing, a text too long, or another host was meant.
    """
    if request.admin is not None:
        require_name(request.admin)
    if request.reason == "other" and not request.note:
        raise OnboxError("note-missing")
    require_short("note", request.note or "")
    require_short("ticket", request.ticket or "")
    if request.confirm is not None and request.confirm != host and not request.dry_run:
        raise OnboxError("not-confirmed", host=host)


def require_short(what: str, text: str) -> None:
    """See that TEXT, the `note` or `ticket`, is so short that a record always fits into one syslog message.

    Raises:
        OnboxError: if it is longer.
    """
    if len(text) > MOST_CHARACTERS[what]:
        raise OnboxError("text-too-long", what=what, most=MOST_CHARACTERS[what])


def command_line(admin: str) -> str:
    """Give the update as a person would type it in the folder of rsautil."""
    return shlex.join(("./rsautil", *commands.update_arguments(admin)))


def show_facts(session: Session, admin: str) -> None:
    """Show the last run, so that nobody repeats it by mistake, and what the update of ADMIN is going to do."""
    host, last = session.host.name, last_run(session.journal.records_from_end())
    where = f"{host}, {address}" if (address := address_of_this_host()) else host
    session.console.facts(
        [
            ("Last run", last_run_shown(last) if last else "None is recorded."),
            ("Host", f"{where}; it must be the primary instance"),
            ("Administrator", admin),
            ("Command", command_line(admin)),
            ("Effect", "All token records will be synchronised again, for all users."),
            ("Undo", "This cannot be undone. Running it again is safe."),
        ]
    )


def confirm(session: Session, administrator: Administrator) -> dict[str, str | None]:
    """Ask for the reason, show what will happen, and have the person type the name of this host.

    Give reason, ticket and note as they go on record.

    Raises:
        OnboxError: if a question got no usable answer.
    """
    request, host = session.request, session.host.name
    reason = request.reason or _ask_reason(session)
    note = request.note
    if reason == "other" and not note:
        note = _ask_note(session, administrator)
    show_facts(session, administrator.name)
    given = (("Reason", REASONS[reason]), ("Note", note), ("Ticket", request.ticket))
    session.console.facts([(name, text) for name, text in given if text])
    if request.confirm is None:
        accept = exactly(host, f"This host is {host}. Type its name exactly like this")
        session.prompts.ask("Type the host name to go ahead: ", accept, OnboxError("not-confirmed", host=host))
    return {"reason": reason, "ticket": request.ticket, "note": note}


def _ask_reason(session: Session) -> Reason:
    lines = [f"{number} {text}" for number, text in enumerate(REASONS.values(), 1)]
    session.console.facts([("Why?", lines[0]), *(("", line) for line in lines[1:])])

    def accept(answer: str) -> Reason:
        for number, reason in enumerate(REASONS, 1):
            if answer in (str(number), reason):
                return reason
        raise OnboxError("answer-unknown", wanted=f"Type a number from 1 to {len(REASONS)}")

    return session.prompts.ask(f"Reason [1-{len(REASONS)}]: ", accept)


def _ask_note(session: Session, administrator: Administrator) -> str:
    def accept(answer: str) -> str:
        if not answer:
            raise OnboxError("note-missing")
        require_short("note", answer)
        require_no_password("note", answer, administrator.password)
        return answer

    return session.prompts.ask("Note: ", accept)
