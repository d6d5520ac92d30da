"""What the records say of runs: which one has no result, and which checks of an administrator failed."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from onbox.audit.record import ABANDONED, ATTEMPT, DENIED, REFUSED, REPAIRED, RESOLVED, RESULT, Record
from onbox.errors import OnboxError

# Records stand in the order in which they were written, which a clock that was set need not follow.
_FAR = timedelta(days=1)
# Only these can follow an attempt while its run is still under way.
_BESIDE_A_RUN = frozenset({REFUSED, REPAIRED, RESOLVED})
_SETTLES = frozenset({RESULT, ABANDONED, RESOLVED})
ENDINGS = frozenset({RESULT, REFUSED, DENIED, ABANDONED, RESOLVED})
_MOST_NAMED = 5


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


def one_run(oldest_first: Iterable[Record], prefix: str) -> list[Record]:
    """Give the records of the one run whose id is, or begins with, PREFIX.

    Raises:
        OnboxError: when there is none, or more than one.
    """
    runs: dict[str, list[Record]] = {}
    for record in oldest_first:
        if record["run"].startswith(prefix):
            runs.setdefault(record["run"], []).append(record)
    if prefix in runs:
        return runs[prefix]
    if not runs:
        raise OnboxError("run-unknown", run=repr(prefix))
    if len(runs) > 1:
        names = [repr(run)[1:-1] for run in islice(runs, _MOST_NAMED)] + ["..."] * (len(runs) > _MOST_NAMED)
        raise OnboxError("run-ambiguous", run=repr(prefix), count=len(runs), runs=", ".join(names))
    return runs.popitem()[1]


def last_ending(records: Sequence[Record]) -> Record | None:
    """Give the record that says how a run ended, of its RECORDS in their order; the last word counts."""
    return next((record for record in reversed(records) if record["event"] in ENDINGS), None)


def is_open(records: Sequence[Record]) -> bool:
    """Tell whether it is still unknown what the run with these RECORDS changed."""
    ending = last_ending(records)
    if ending is None:
        return any(record["event"] == ATTEMPT for record in records)
    return ending["event"] in (RESULT, ABANDONED) and ending["outcome"] == "unknown"


def open_runs(newest_first: Iterable[Record], left: Record | None) -> list[Record]:
    """Give one record of each run whose outcome is unknown and not yet resolved, the newest first.

    LEFT is the attempt without a result, if the last run left one.
    """
    found = [left] if left else []
    settled = {record["run"] for record in found}
    for record in newest_first:
        if record["run"] not in settled:
            settled.add(record["run"])
            if record["event"] in (RESULT, ABANDONED) and record["outcome"] == "unknown":
                found.append(record)
    return found


def recent_denials(newest_first: Iterable[Record], since: datetime) -> dict[str, list[datetime]]:
    """Give the times at which checks failed SINCE then, the oldest first, by administrator."""
    found: dict[str, list[datetime]] = {}
    for record in takewhile(lambda record: time_of(record) >= since - _FAR, newest_first):
        if record["event"] == DENIED and time_of(record) >= since:
            found.setdefault(admin_of(record), []).append(time_of(record))
    return {admin: times[::-1] for admin, times in found.items()}
