"""A run whose outcome was unknown gets one, by somebody who found it out: a record is added, and none changed."""

from contextlib import closing
from pathlib import Path

from onbox.audit.journal import FILE, Journal
from onbox.audit.reader import opened
from onbox.audit.record import RESOLVED
from onbox.audit.report import is_open, last_ending, line_of_run, one_run
from onbox.audit.settle import settle
from onbox.audit.trail import Trail
from onbox.caller import identify, this_host
from onbox.confirmation import require_short
from onbox.console import Console
from onbox.ending import Ending
from onbox.errors import OnboxError
from onbox.settings import Settings, load


def resolve(config: Path | None, prefix: str, outcome: str, note: str, console: Console) -> Ending:
    """Put on record that the run whose id begins with PREFIX had OUTCOME, and in NOTE how that was found out.

    Raises:
        OnboxError: when there is no such run, its outcome is known, or the journal can't take the record.
    """
    if not note.strip():
        raise OnboxError("note-empty")
    require_short("note", note)
    caller, host = identify(), this_host()
    settings = load(config, caller.uid)
    run = _open_run(settings, prefix)
    with closing(Journal(settings.directory, caller.uid)) as journal:
        journal.claim_run()
        trail = Trail(journal, settings, caller, host, run)
        for name, text in settle(trail):
            console.step("warning", name, text)
        # Once more, now that nobody else can resolve it.
        _open_run(settings, run)
        message = OnboxError("run-resolved", run=run, outcome=outcome).message
        trail.write(RESOLVED, outcome, note=note, message=message.what)
    return Ending(run, outcome, message, warnings=trail.warnings)


def _open_run(settings: Settings, prefix: str) -> str:
    """Give the whole id of the run that begins with PREFIX, which must be open."""
    with opened(settings.directory / FILE, may_be_missing=True) as journal:
        records = one_run(journal.oldest_first(line_of_run(prefix)), prefix)
    run = records[0]["run"]
    if not is_open(records):
        ending = last_ending(records)
        outcome = f"its outcome is {ending['outcome']} ({ending['event']})" if ending else "it tried no update"
        raise OnboxError("run-not-open", run=run, outcome=outcome)
    return str(run)
