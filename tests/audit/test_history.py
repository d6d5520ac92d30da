"""Runs, as records tell them: how each ended, which is the last one, and which are open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from onbox.audit.history import last_run, one_run, runs
from onbox.audit.record import admin_of, shown, time_of
from onbox.errors import OnboxError

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)
OUTCOMES = {"verified": "success", "denied": "failure", "attempt": "unknown", "refused": "refused"}
EVENTS = {
    **{name: f"admin.{name}" for name in ("verified", "denied")},
    **{name: f"resync.{name}" for name in ("attempt", "result", "refused")},
    **{name: f"run.{name}" for name in ("abandoned", "resolved")},
    "repaired": "journal.repaired",
}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"time": "2026-11-24T12:00:00.000000Z"}, NOON),
        ({"time": "2026-11-24T13:00:00+01:00"}, NOON),
        ({"time": "0001-01-01T00:00:00+14:00"}, NEVER),
        ({"time": "yesterday"}, NEVER),
        ({"time": 5}, NEVER),
        ({}, NEVER),
    ],
)
def test_time_of_a_record_is_utc(record: dict[str, Any], expected: datetime) -> None:
    """The time of a record is UTC, and the beginning of time if it can't be read; people read the zone beside it."""
    assert expected == time_of(record)
    assert "2026-11-24 12:00 UTC" == shown(datetime.fromisoformat("2026-11-24T14:00:00+02:00"))


@pytest.mark.parametrize(
    ("actor", "name"), [({"admin": "ocadmin"}, "ocadmin"), ({"admin": None}, ""), ({}, ""), (None, ""), ("x", "")]
)
def test_administrator_of_a_record(actor: object, name: str) -> None:
    """The administrator of a record is a name, or "" if it has none."""
    assert name == admin_of({"actor": actor})


def record(told: str) -> dict[str, Any]:
    """Return the record of a text such as "attempt 1" or "result 1 success"."""
    event, run, *outcome = told.split()
    return {"event": EVENTS[event], "run": run, "outcome": [*outcome, OUTCOMES.get(event, "success")][0], "told": told}


# The records, the oldest first; the open runs, the newest first; the newest run that reached its attempt, and its end.
STORIES: list[tuple[str, list[str], tuple[str, str] | None]] = [
    ("", [], None),
    ("verified 1", [], None),
    ("refused 1, denied 2", [], None),
    ("attempt 1", ["1"], ("attempt 1", "attempt")),
    ("verified 1, attempt 1, result 1 success", [], ("result 1 success", "result")),
    ("attempt 1, result 1 failure", [], ("result 1 failure", "result")),
    ("attempt 1, result 1 unknown", ["1"], ("result 1 unknown", "result")),
    ("attempt 1, refused 2, denied 3, verified 4", ["1"], ("attempt 1", "attempt")),
    ("attempt 1, repaired 2, refused 2", ["1"], ("attempt 1", "attempt")),
    ("attempt 1, repaired 1", ["1"], ("attempt 1", "attempt")),
    ("attempt 1, abandoned 1 unknown, verified 2", ["1"], ("attempt 1", "abandoned")),
    ("attempt 1, abandoned 1 unknown, resolved 1 failure", [], ("attempt 1", "resolved")),
    ("attempt 1, result 1 unknown, repaired 1", ["1"], ("result 1 unknown", "result")),
    ("attempt 1, result 1 success, resolved 1 failure", [], ("result 1 success", "resolved")),
    ("result 0 unknown, attempt 1, resolved 0 success", ["1"], ("attempt 1", "attempt")),
    ("result 1 unknown, attempt 2, result 2 unknown, refused 3", ["2", "1"], ("result 2 unknown", "result")),
    ("abandoned 1 unknown, result 2 success", ["1"], ("result 2 success", "result")),
]


@pytest.mark.parametrize(("told", "left", "last"), STORIES, ids=[story[0] for story in STORIES])
def test_run_ends_as_the_last_record_about_it_says(told: str, left: list[str], last: tuple[str, str] | None) -> None:
    """A run is open if that record says "unknown"; refused and denied runs changed nothing and are no last run."""
    newest_first = [record(text) for text in told.split(", ") if text][::-1]
    found = last_run(newest_first)

    assert left == [run["run"] for run in runs(newest_first) if run["outcome"] == "unknown"]
    assert last == (found and (found["told"], found["event"].partition(".")[2]))


def test_run_keeps_its_own_facts() -> None:
    """A record that others add to a run changes its outcome, and neither its time nor its administrator."""
    own = record("attempt 1") | {"time": "noon", "actor": {"admin": "bob"}, "code": "a", "message": "b"}
    later = record("resolved 1") | {"time": "one", "actor": {"admin": None}, "code": "c", "message": "d"}

    ending = {"event": "run.resolved", "outcome": "success", "code": "c", "message": "d"}
    assert [own | ending] == list(runs([later, own]))
    assert [later] == list(runs([later]))


RUNS = [{"run": run} for run in ("a", "ab", *(f"b{number}" for number in range(7)))]


@pytest.mark.parametrize("prefix", ["a", "ab", "b3"])
def test_run_is_found_by_its_id_or_the_beginning_of_it(prefix: str) -> None:
    """The short ID of a list is enough, and a whole ID wins over longer ones."""
    assert [{"run": prefix}] == one_run(RUNS, prefix)


@pytest.mark.parametrize(("prefix", "count"), [("c", "No"), ("b", 7)])
def test_beginning_that_fits_no_run_or_several_is_refused(prefix: str, count: object) -> None:
    """Nobody pastes the wrong run into a ticket, and the runs that fit fill no screen."""
    with pytest.raises(OnboxError, match="run-unknown") as caught:
        one_run(RUNS, prefix)

    assert {"run": repr(prefix), "count": count} == caught.value.facts
