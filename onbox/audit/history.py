"""Runs, as the records tell them: how each one ended, and the last run.

A run is open if its last record says that the outcome is unknown; nothing else decides that.
"""

from collections.abc import Iterable, Iterator

from onbox.audit.record import ABANDONED, ATTEMPT, REPAIRED, RESOLVED, RESULT, Record
from onbox.errors import OnboxError

# Written about a run by somebody who came later.
_AFTERWARDS = frozenset({ABANDONED, RESOLVED})
_OF_THE_END = ("event", "outcome", "code", "message")


def runs(newest_first: Iterable[Record]) -> Iterator[Record]:
    """Yield each run, the newest first: its newest record of its own, with how it ended in the last record about it.

    A repair of the journal says nothing of a run.
    A run whose own records are missing comes last, as the last record about it.
    """
    words: dict[str, Record] = {}
    told = set()
    for record in newest_first:
        if record["event"] == REPAIRED:
            continue
        run = record["run"]
        word = words.setdefault(run, record)
        if run not in told and record["event"] not in _AFTERWARDS:
            told.add(run)
            yield record | {name: word.get(name) for name in _OF_THE_END}
    yield from (word for run, word in words.items() if run not in told)


def last_run(newest_first: Iterable[Record]) -> Record | None:
    """Give the newest run that reached its attempt; the others changed nothing and are passed over."""
    reached = _AFTERWARDS | {ATTEMPT, RESULT}
    return next((run for run in runs(newest_first) if run["event"] in reached), None)


def one_run(oldest_first: Iterable[Record], prefix: str) -> list[Record]:
    """Give the records of the one run whose ID is, or begins with, PREFIX.

    Raises:
        OnboxError: if there is none, or more than one.
    """
    found: dict[str, list[Record]] = {}
    for record in oldest_first:
        if record["run"].startswith(prefix):
            found.setdefault(record["run"], []).append(record)
    if prefix not in found and len(found) != 1:
        raise OnboxError("run-unknown", run=repr(prefix), count=len(found) or "No")
    return found.get(prefix) or found.popitem()[1]
