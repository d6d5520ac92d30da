"""The questions before the update: why, what exactly will happen, and is this the right host."""

import shlex

from onbox.audit.history import last_run
from onbox.errors import OnboxError
from onbox.identity import address_of_this_host
from onbox.resync.administrator import Administrator, require_name, require_text
from onbox.resync.session import REASONS, Reason, Request, Session
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
    require_text("note", request.note)
    require_text("ticket", request.ticket)
    if request.confirm is not None and request.confirm != host and not request.dry_run:
        raise OnboxError("not-confirmed", host=host)


def show_facts(session: Session, admin: str) -> None:
    """Show the last run, so that nobody repeats it by mistake, and what the update of ADMIN is going to do."""
    host, last = session.host.name, last_run(session.journal.records_from_end())
    where = f"{host}, {address}" if (address := address_of_this_host()) else host
    session.console.facts(
        [
            ("Last run", last_run_shown(last) if last else "None is recorded."),
            ("Host", f"{where}; it must be the primary instance"),
            ("Administrator", admin),
            ("Command", shlex.join(("./rsautil", *commands.update_arguments(admin)))),
            ("Effect", "All token records will be synchronised again, for all users."),
            ("Undo", "This cannot be undone. Running it again is safe."),
        ]
    )


def confirm(session: Session, administrator: Administrator) -> None:
    """Ask for the reason, show what will happen, and have the person type the name of this host.

    From here on the log knows reason, ticket and note.

    Raises:
        OnboxError: if a question got no usable answer.
    """
    request, host = session.request, session.host.name
    reason, note = request.reason or _ask_reason(session), request.note
    if reason == "other" and not note:
        note = _ask_note(session, administrator)
    show_facts(session, administrator.name)
    given = (("Reason", REASONS[reason]), ("Note", note), ("Ticket", request.ticket))
    session.console.facts([(name, text) for name, text in given if text])
    if request.confirm is None:
        wanted = f"This host is {host}. Type its name exactly like this"
        session.prompts.choose("Type the host name to go ahead: ", {host: host}, wanted)
    session.log = session.log.bind(reason=reason, ticket=request.ticket, note=note)


def _ask_reason(session: Session) -> Reason:
    menu = [("", f"{number} {text}") for number, text in enumerate(REASONS.values(), 1)]
    session.console.facts([("Why?", menu[0][1]), *menu[1:]])
    answers = {str(number): reason for number, reason in enumerate(REASONS, 1)}
    return session.prompts.choose(f"Reason [1-{len(menu)}]: ", answers, f"Type a number from 1 to {len(menu)}")


def _ask_note(session: Session, administrator: Administrator) -> str:
    def accept(note: str) -> str:
        if not note:
            raise OnboxError("note-missing")
        require_text("note", note, administrator.password)
        return note

    return session.prompts.ask("Note: ", accept)
