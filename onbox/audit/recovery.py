"""An earlier run can leave an incomplete record, or an attempt without a result; both are recorded first."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from onbox.audit.history import admin_of, last_run, shown, time_of
from onbox.audit.journal import Journal
from onbox.audit.record import ABANDONED, ATTEMPT, REPAIRED
from onbox.errors import Message, message

if TYPE_CHECKING:
    from onbox.audit.log import AuditLog


def settle(journal: Journal, log: Callable[[], "AuditLog"]) -> list[Message]:
    """Move an incomplete last record aside, and record an attempt without a result as abandoned.

    No other run may be in progress: claim the JOURNAL first.
    LOG gives the log, if there is something to record.
    Gives the words for what was found.

    Raises:
        OnboxError: if the journal could not take a record.
    """
    found = []
    if file := journal.move_incomplete_record():
        words = message("journal-repaired", file=file)
        log().info(REPAIRED, **words.on_record())
        found.append(words)
    last = last_run(journal.records_from_end())
    if last and last["event"] == ATTEMPT:
        words = message("run-abandoned", admin=admin_of(last), time=shown(time_of(last)), run=last["run"])
        log().info(ABANDONED, run=last["run"], **words.on_record())
        found.append(words)
    return found
