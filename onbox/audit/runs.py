"""What the records say of runs: which one has no result, and which checks of an administrator failed."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from onbox.audit.record import ABANDONED, ATTEMPT, DENIED, REFUSED, REPAIRED, RESOLVED, RESULT, Record

# Records stand in the order in which they were written, which a clock that was set need not follow.
_FAR = timedelta(days=1)
# Only these can follow an attempt while its run is still under way.
_BESIDE_A_RUN = frozenset({REFUSED, REPAIRED, RESOLVED})
_SETTLES = frozenset({RESULT, ABANDONED, RESOLVED})


def time_of(record: Record) -> datetime:
    """Give the time of a RECORD; the beginning of time where it names none."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def admin_of(record: Record) -> str:
    """Give the name of the Operations Console administrator in a RECORD; "" where it has none."""
    actor = record.get("actor")
    return str(actor.get("admin") or "") if isinstance(actor, dict) else ""


def follow(open_runs: dict[str, Record], record: Record) -> None:
    """Keep in OPEN_RUNS the attempts that have no end yet, as one RECORD after the other is read, the oldest first."""
    event = record.get("event")
    if event == ATTEMPT:
        open_runs[str(record.get("run"))] = record
    elif event in _SETTLES:
        open_runs.pop(str(record.get("run")), None)


def unfinished(newest_first: Iterable[Record]) -> Record | None:
    """Give the attempt that has no end, if the last run left one."""
    settled = set()
    for record in newest_first:
        event, run = record.get("event"), str(record.get("run"))
        if event == ATTEMPT and run not in settled:
            return record
        if event not in _BESIDE_A_RUN:
            return None
        if event in _SETTLES:
            settled.add(run)
    return None


def denials(newest_first: Iterable[Record], admin: str, now: datetime, within: timedelta) -> list[datetime]:
    """Give the times at which a check of ADMIN failed since WITHIN before NOW, the oldest first.

    Upper and lower case are the same here: whether they are to the appliance is not documented.
    A record up to a day in the future (the clock was set back) counts: no lockout ends because a clock was wrong.
    """
    found = []
    for record in newest_first:
        time = time_of(record)
        if time < now - _FAR:
            break
        denied = record.get("event") == DENIED and admin_of(record).casefold() == admin.casefold()
        if denied and now - within <= time <= now + _FAR:
            found.append(time)
    return sorted(found)
