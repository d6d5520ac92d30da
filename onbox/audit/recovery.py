"""What an earlier run left behind is put on record before anything else is."""

from collections.abc import Iterator

from onbox.audit.history import admin_of, unfinished
from onbox.audit.log import Trail
from onbox.audit.record import ABANDONED, REPAIRED


def settle(trail: Trail) -> Iterator[tuple[str, str]]:
    """Put a torn last line aside, and an attempt without a result on record as abandoned.

    Yields a name and words for each of them.
    No other run may be under way: claim the journal first.

    Raises:
        OnboxError: when the journal could not take it.
    """
    journal = trail.journal
    torn = journal.set_torn_line_aside()
    if torn:
        text = f"A record that was never finished (power loss?) was moved to {torn}."
        trail.write(REPAIRED, "success", message=text)
        yield "Journal", text
    left = unfinished(journal.records_from_end())
    if left:
        text = f"The run of {admin_of(left)} at {left['time']} has no result; what it changed is not known."
        trail.write(ABANDONED, "unknown", run=left["run"], message=text)
        yield "Earlier", text
