"""What the records say of runs: which one has no result, and which checks of an administrator failed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from onbox.audit.record import ATTEMPT, DENIED, REFUSED, REPAIRED, RESOLVED

Record = dict[str, Any]
# Records stand in the order in which they were written, which a clock that was set need not follow.
_FAR = timedelta(days=1)
# Only these can follow an attempt while its run is still under way.
_BESIDE_A_RUN = frozenset({REFUSED, REPAIRED, RESOLVED})


def time_of(record: Record) -> datetime:
    """Give the time of a RECORD; the beginning of time where it names none."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def unfinished(newest_first: Iterable[Record]) -> Record | None:
    """Give the attempt that has no result, if the last run left one."""
    for record in newest_first:
        if record.get("event") not in _BESIDE_A_RUN:
            return record if record.get("event") == ATTEMPT else None
    return None


def _denies(record: Record, admin: str) -> bool:
    actor = record.get("actor")
    return record.get("event") == DENIED and isinstance(actor, dict) and actor.get("admin") == admin


def denials(newest_first: Iterable[Record], admin: str, now: datetime, within: timedelta) -> list[datetime]:
    """Give the times at which a check of ADMIN failed since WITHIN before NOW, the oldest first.

    A record of the future (the clock was set back) counts: a lockout does not end because a clock was wrong.
    """
    found = []
    for record in newest_first:
        time = time_of(record)
        if time < now - _FAR:
            break
        if time >= now - within and _denies(record, admin):
            found.append(time)
    return found[::-1]
