"""Runs, as the records tell them: the last word on each run, which runs are open, and the last run.

A run is open if its last record says that the outcome is unknown; nothing else decides that.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from onbox.audit.record import ABANDONED, ATTEMPT, DENIED, REFUSED, REPAIRED, RESOLVED, RESULT, Record
from onbox.errors import OnboxError

ENDINGS = frozenset({RESULT, REFUSED, DENIED, ABANDONED, RESOLVED})
# Only these can follow an attempt that has no result yet: every run settles such an attempt before its login check.
_BESIDE_A_RUN = frozenset({REFUSED, RESOLVED})


@dataclass(frozen=True)
class LastRun:
    """The newest run that reached its attempt: its newest record of its own, and the last word on it."""

    own: Record
    word: Record


def time_of(record: Record) -> datetime:
    """Give the time of a RECORD in UTC; the beginning of time if it has none."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def shown(time: datetime) -> str:
    """Give TIME as people read it, in the one time zone of the records."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def admin_of(record: Record) -> str:
    """Give the name of the Operations Console administrator in a RECORD; "" if it has none."""
    actor = record.get("actor")
    return str(actor.get("admin") or "") if isinstance(actor, dict) else ""


def is_open(word: Record) -> bool:
    """Tell whether the run is open on which WORD is the last record."""
    return word.get("outcome") == "unknown"


def last_words(newest_first: Iterable[Record]) -> Iterator[Record]:
    """Yield the last record of each run, the newest first; a repair of the journal says nothing of a run."""
    seen = set()
    for record in newest_first:
        run = str(record.get("run"))
        if record.get("event") != REPAIRED and run not in seen:
            seen.add(run)
            yield record


def last_word(records: Sequence[Record]) -> Record:
    """Give the last word of the RECORDS of one run, in their order."""
    return next(last_words(reversed(records)), records[-1])


def open_runs(newest_first: Iterable[Record]) -> list[Record]:
    """Give the last word on each open run, the newest first."""
    return [word for word in last_words(newest_first) if is_open(word)]


def follow(open_runs: dict[str, Record], record: Record) -> None:
    """Keep in OPEN_RUNS the last word on each open run, as one RECORD after the other is read, the oldest first."""
    if record.get("event") != REPAIRED:
        open_runs.pop(str(record.get("run")), None)
    if is_open(record):
        open_runs[str(record.get("run"))] = record


def unfinished(newest_first: Iterable[Record]) -> Record | None:
    """Give the attempt without a result, if the last run left one; reads no further than that run."""
    for word in last_words(newest_first):
        if word.get("event") == ATTEMPT:
            return word
        if word.get("event") not in _BESIDE_A_RUN:
            return None
    return None


def last_run(newest_first: Iterable[Record]) -> LastRun | None:
    """Give the newest run that reached its attempt; refused and denied runs changed nothing and are passed over."""
    words: dict[str, Record] = {}
    for record in newest_first:
        word = words.setdefault(str(record.get("run")), record)
        if record.get("event") in (ATTEMPT, RESULT):
            return LastRun(record, word)
    return None


def one_run(oldest_first: Iterable[Record], prefix: str) -> list[Record]:
    """Give the records of the one run whose ID is, or begins with, PREFIX.

    Raises:
        OnboxError: if there is none, or more than one.
    """
    runs: dict[str, list[Record]] = {}
    for record in oldest_first:
        if record["run"].startswith(prefix):
            runs.setdefault(record["run"], []).append(record)
    if prefix in runs:
        return runs[prefix]
    if len(runs) != 1:
        raise OnboxError("run-unknown", run=repr(prefix), count=len(runs) or "No")
    return runs.popitem()[1]
