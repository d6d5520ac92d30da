"""An earlier run can leave an incomplete record, or an attempt without a result; both are recorded first."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from onbox.audit.history import admin_of, shown, time_of, unfinished
from onbox.audit.journal import Journal
from onbox.audit.record import ABANDONED, REPAIRED
from onbox.messages import Message, message

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
    file = journal.move_incomplete_record()
    if file:
        words = message("journal-repaired", file=file)
        log().info(REPAIRED, outcome=words.outcome, code=words.code, message=words.what)
        found.append(words)
    left = unfinished(journal.records_from_end())
    if left:
        words = message("run-abandoned", admin=admin_of(left), time=shown(time_of(left)), run=left["run"])
        log().info(ABANDONED, run=left["run"], outcome=words.outcome, code=words.code, message=words.what)
        found.append(words)
    return found
