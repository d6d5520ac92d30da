"""The questions before the update: why, what exactly will happen, and is this the right host."""

import shlex
from functools import partial

from onbox.audit.history import last_run
from onbox.resync.administrator import Administrator, require_text
from onbox.resync.session import REASONS, Session
from onbox.rsautil import commands
from onbox.screen.runs import last_run_shown


def show_facts(session: Session, admin: str) -> None:
    """Show the last run, which could be repeated by mistake, and what the update of ADMIN is going to do."""
    last = last_run(session.writer.journal.records_from_end())
    session.console.facts(
        [
            ("Last run", last_run_shown(last)),
            ("Host", f"{session.subject.host.name}; it must be the primary instance"),
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
    request, host = session.request, session.subject.host.name
    if request.reason:
        reason = request.reason
    else:
        answers = {str(number): each for number, each in enumerate(REASONS, 1)}
        menu = [("", f"{number} {REASONS[each]}") for number, each in answers.items()]
        session.console.facts([("Why?", menu[0][1]), *menu[1:]])
        reason = session.prompts.choose(f"Reason [1-{len(menu)}]: ", answers)
    note = request.note
    if reason == "other" and not note:
        note = session.prompts.ask("Note: ", partial(require_text, "note", password=administrator.password))
    show_facts(session, administrator.name)
    given = (("Reason", REASONS[reason]), ("Note", note), ("Ticket", request.ticket))
    session.console.facts([(name, text) for name, text in given if text])
    if request.confirm is None:
        session.prompts.choose("Type the host name to go ahead: ", {host: host})
    session.log = session.log.bind(reason=reason, ticket=request.ticket, note=note)
