"""One definition of an open run, for every way to read the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.history import (
    admin_of,
    follow,
    is_open,
    last_run,
    last_word,
    one_run,
    open_runs,
    shown,
    time_of,
    unfinished,
)
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
    ("time", "expected"),
    [
        ("2026-11-24T12:00:00.000000Z", NOON),
        ("2026-11-24T13:00:00+01:00", NOON),
        ("0001-01-01T00:00:00+14:00", NEVER),
        ("yesterday", NEVER),
        (5, NEVER),
    ],
)
def test_time_of_a_record_is_utc(time: object, expected: datetime) -> None:
    """The time of a record is UTC, and the beginning of time if it can't be read."""
    assert expected == time_of({"time": time})
    assert NEVER == time_of({})


def test_times_are_shown_in_one_named_zone() -> None:
    """People read the time zone beside the time, which is that of the records."""
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
    return {"event": EVENTS[event], "run": run, "outcome": [*outcome, OUTCOMES.get(event, "success")][0]}


# The records, the oldest first; the open runs, the newest first; whether the last run left an attempt.
STORIES: list[tuple[str, list[str], str | None]] = [
    ("", [], None),
    ("refused 1", [], None),
    ("verified 1", [], None),
    ("denied 1", [], None),
    ("attempt 1", ["1"], "1"),
    ("verified 1, attempt 1, result 1 success", [], None),
    ("attempt 1, result 1 failure", [], None),
    ("attempt 1, result 1 unknown", ["1"], None),
    ("attempt 1, refused 2", ["1"], "1"),
    ("attempt 1, repaired 2, refused 2", ["1"], "1"),
    ("attempt 1, repaired 1", ["1"], "1"),
    ("attempt 1, abandoned 1 unknown", ["1"], None),
    ("attempt 1, abandoned 1 unknown, verified 2", ["1"], None),
    ("attempt 1, resolved 1 failure", [], None),
    ("attempt 1, result 1 unknown, repaired 1", ["1"], None),
    ("attempt 1, result 1 unknown, resolved 1 success", [], None),
    ("attempt 1, result 1 success, resolved 1 failure", [], None),
    ("attempt 0, result 0 unknown, attempt 1, resolved 0 success", ["1"], "1"),
    ("attempt 1, abandoned 1 unknown, verified 2, attempt 2, resolved 1 success", ["2"], "2"),
    ("attempt 1, result 1 unknown, attempt 2, result 2 unknown, refused 3", ["2", "1"], None),
]


@pytest.mark.parametrize(("told", "runs", "left"), STORIES, ids=[story[0] for story in STORIES])
def test_run_is_open_if_the_last_word_on_it_is_unknown(told: str, runs: list[str], left: str | None) -> None:
    """Nothing else makes a run open, read from the newest or from the oldest record on."""
    records = [record(text) for text in told.split(", ") if text]
    found = unfinished(reversed(records))

    assert runs == [word["run"] for word in open_runs(reversed(records))]
    assert left == (found and found["run"])


@given(
    st.lists(st.tuples(st.sampled_from(list(EVENTS)), st.sampled_from("12"), st.sampled_from(["success", "unknown"])))
)
def test_every_reader_finds_the_same_runs_open(told: list[tuple[str, str, str]]) -> None:
    """A list, a page, the chain's verification and the next run never disagree on which runs are open."""
    records = [
        record(" ".join((event, run, *([] if event in OUTCOMES else [outcome])))) for event, run, outcome in told
    ]
    records = [each | {"outcome": "success"} if each["event"] == "journal.repaired" else each for each in records]
    oldest_first: dict[str, Any] = {}
    for each in records:
        follow(oldest_first, each)
    runs = groupby(sorted(records, key=lambda each: str(each["run"])), lambda each: each["run"])

    assert set(oldest_first) == {word["run"] for word in open_runs(reversed(records))}
    assert set(oldest_first) == {run for run, own in runs if is_open(last_word(list(own)))}


def test_search_for_an_attempt_ends_with_the_last_run() -> None:
    """A run reads only what the last run left, however long the journal is."""
    newest_first = iter([record("result 2 success"), record("attempt 1")])

    assert unfinished(newest_first) is None
    assert 1 == len(list(newest_first))


@pytest.mark.parametrize(
    ("told", "own", "word"),
    [
        ("attempt 1", "attempt 1", "attempt 1"),
        ("attempt 1, result 1 success, verified 2, refused 3, denied 4", "result 1 success", "result 1 success"),
        ("attempt 1, abandoned 1 unknown, resolved 1 failure", "attempt 1", "resolved 1 failure"),
        ("attempt 1, result 1 unknown, attempt 2, result 2 success, resolved 1 success", *["result 2 success"] * 2),
    ],
)
def test_last_run_is_the_newest_one_that_reached_its_attempt(told: str, own: str, word: str) -> None:
    """A person who repeats a resynchronisation learns of the last one, also if runs were refused or resolved since."""
    found = last_run(reversed([record(text) for text in told.split(", ")]))

    assert found is not None
    assert (record(own), record(word)) == (found.own, found.word)


def test_journal_without_an_attempt_has_no_last_run() -> None:
    """Refused and denied runs changed nothing."""
    assert last_run([record("refused 1"), record("verified 2")]) is None


RUNS = [{"run": run} for run in ("a", "ab", *(f"b{number}" for number in range(7)))]


@pytest.mark.parametrize("prefix", ["a", "ab", "b3"])
def test_run_is_found_by_its_id_or_the_beginning_of_it(prefix: str) -> None:
    """The short ID of a list is enough, and a whole ID wins over longer ones."""
    assert [{"run": prefix}] == one_run(RUNS, prefix)


@pytest.mark.parametrize(
    ("runs", "code", "facts"),
    [
        (RUNS, "run-unknown", {"run": "'c'", "count": "No"}),
        (RUNS, "run-unknown", {"run": "'b'", "count": 7}),
    ],
)
def test_beginning_that_fits_no_run_or_several_is_refused(
    runs: list[dict[str, str]], code: str, facts: dict[str, object]
) -> None:
    """Nobody pastes the wrong run into a ticket, and the runs that fit fill no screen."""
    with pytest.raises(OnboxError) as caught:
        one_run(runs, str(facts["run"])[1:-1])

    assert (code, facts) == (caught.value.code, caught.value.facts)
