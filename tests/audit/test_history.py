"""What the records say of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from onbox.audit.history import (
    admin_of,
    denials,
    follow,
    is_open,
    last_ending,
    one_run,
    open_runs,
    recent_denials,
    time_of,
    unfinished,
)
from onbox.audit.reader import opened
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from history import History

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(minutes=60)
NEVER = datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-11-24T12:00:00.000000Z", NOW),
        ("2026-11-24T13:00:00+01:00", NOW),
        ("0001-01-01T00:00:00+14:00", NEVER),
        ("yesterday", NEVER),
        (5, NEVER),
    ],
)
def test_time_of_a_record_is_utc(time: object, expected: datetime) -> None:
    """The time of a record is UTC, and the beginning of time where it can't be read."""
    assert expected == time_of({"time": time})
    assert NEVER == time_of({})


@pytest.mark.parametrize(
    ("actor", "name"), [({"admin": "ocadmin"}, "ocadmin"), ({"admin": None}, ""), ({}, ""), (None, ""), ("x", "")]
)
def test_administrator_of_a_record(actor: object, name: str) -> None:
    """The administrator of a record is a name, and an empty one where it has none."""
    assert name == admin_of({"actor": actor})


def records(*told: str) -> list[dict[str, Any]]:
    """Return records, the oldest first, from texts such as "resync.attempt 1"."""
    return [dict(zip(("event", "run"), text.split(), strict=True)) for text in told]


HISTORIES: list[tuple[list[str], str | None]] = [
    ([], None),
    (["resync.refused 1"], None),
    (["admin.verified 1"], None),
    (["resync.attempt 1"], "1"),
    (["resync.attempt 1", "resync.result 1"], None),
    (["resync.attempt 1", "resync.refused 2"], "1"),
    (["resync.attempt 1", "journal.repaired 2", "resync.refused 2"], "1"),
    (["resync.attempt 1", "run.abandoned 1"], None),
    (["resync.attempt 1", "run.abandoned 1", "admin.verified 2"], None),
    (["resync.attempt 1", "run.resolved 0"], "1"),
    (["resync.attempt 1", "run.resolved 1"], None),
    (["resync.attempt 1", "run.abandoned 1", "admin.verified 2", "resync.attempt 2", "run.resolved 1"], "2"),
]


@pytest.mark.parametrize(("told", "run"), HISTORIES, ids=range(len(HISTORIES)))
def test_attempt_without_an_end_is_found(told: list[str], run: str | None) -> None:
    """Read from the newest or from the oldest record on, the same attempt has no end."""
    newest_first = unfinished(reversed(records(*told)))
    oldest_first: dict[str, Any] = {}
    for record in records(*told):
        follow(oldest_first, record)

    assert run == (newest_first and newest_first["run"])
    assert ([] if run is None else [run]) == list(oldest_first)


def test_search_for_an_attempt_ends_with_the_last_run() -> None:
    """Only what the last run left is looked at, however long the journal is."""
    newest_first = iter(records("resync.result 2", "resync.attempt 1"))

    assert unfinished(newest_first) is None
    assert 1 == len(list(newest_first))


def denied(minutes: float, admin: str = "ocadmin", event: str = "admin.denied") -> dict[str, Any]:
    """Return a record of *minutes* ago."""
    return {"event": event, "time": (NOW - timedelta(minutes=minutes)).isoformat(), "actor": {"admin": admin}}


def minutes_ago(*newest_first: dict[str, Any]) -> list[float]:
    """Return how long ago the denials of ocadmin were, in minutes."""
    return [(NOW - time).total_seconds() / 60 for time in denials(newest_first, "ocadmin", NOW, HOUR)]


def test_denials_of_the_last_hour_are_counted() -> None:
    """What counts are denials of this administrator in the last 60 minutes, and they come oldest first."""
    found = minutes_ago(
        denied(1), denied(5, event="admin.verified"), denied(10, admin="other"), denied(59), denied(60), denied(61)
    )

    assert [60, 59, 1] == found


def test_case_of_a_name_does_not_matter() -> None:
    """A name in capitals counts for the same account, for nobody says that it is another."""
    assert [1] == minutes_ago(denied(1, admin="OCAdmin"))


def test_clock_that_was_set_back_hides_no_denial() -> None:
    """Denials up to a day ahead count, older ones behind them too, and one far ahead does not block for ever."""
    assert [30, -100] == minutes_ago(denied(30), denied(-100))
    assert [] == minutes_ago(denied(-60 * 25))


def test_search_for_denials_ends_a_day_back() -> None:
    """Only the end of the journal is read, however long it is."""
    newest_first = iter([denied(1), denied(60 * 25), denied(2)])

    assert 1 == len(denials(newest_first, "ocadmin", NOW, HOUR))
    assert 1 == len(list(newest_first))


def test_run_is_found_by_its_id_or_the_beginning_of_it(history: History) -> None:
    """The short id of a list is enough."""
    run = history.run()
    history.refused()

    for prefix in (run, run[:8]):
        with opened(history.path, may_be_missing=False) as journal:
            found = one_run(journal.oldest_first(), prefix)

        assert history.records()[:3] == found


def test_run_that_is_not_there_is_an_error() -> None:
    """An unknown id shows no other run."""
    with pytest.raises(OnboxError, match="run-unknown"):
        one_run([{"run": "other"}], "x")


def test_beginning_that_fits_several_runs_names_some_of_them() -> None:
    """Nobody pastes the wrong run into a ticket, and a million of them fill no screen."""
    records = [{"run": f"a{number}"} for number in range(7)]

    with pytest.raises(OnboxError, match=r"count=7 runs=a0, a1, a2, a3, a4, \.\.\.$"):
        one_run(records, "a")
    with pytest.raises(OnboxError, match=r"count=2 runs=a0, a1$"):
        one_run(records[:2], "a")


def test_whole_id_wins_over_longer_ones() -> None:
    """A run whose id is the beginning of another one can be shown."""
    assert [{"run": "a"}] == one_run([{"run": "a"}, {"run": "ab"}], "a")


STORIES: list[tuple[Callable[[History], Any], bool]] = [
    (lambda history: history.run(), False),
    (lambda history: history.run("failure"), False),
    (lambda history: history.run("unknown"), True),
    (lambda history: history.attempt(), True),
    (lambda history: [history.attempt(), *history.settle()], True),
    (lambda history: history.resolve(history.run("unknown")), False),
    (lambda history: history.resolve(history.run("unknown"), "failure"), False),
    (lambda history: history.denied(), False),
    (lambda history: history.refused(), False),
]


@pytest.mark.parametrize(("story", "expected"), STORIES)
def test_run_is_open_while_it_is_unknown_what_it_changed(
    history: History, story: Callable[[History], Any], *, expected: bool
) -> None:
    """A result that is unknown or missing leaves a run open, until somebody resolves it."""
    story(history)
    with opened(history.path, may_be_missing=False) as journal:
        left = unfinished(journal.newest_first())
        found = open_runs(journal.newest_first(), left)

    assert expected == is_open(history.records())
    assert expected == bool(found)


def test_check_alone_is_not_open(history: History) -> None:
    """A dry run leaves a check of the administrator and nothing that could have changed anything."""
    history.run()

    assert last_ending(history.records()[:1]) is None
    assert not is_open(history.records()[:1])


def test_open_runs_are_told_once_newest_first(history: History) -> None:
    """However often a run is on record, it is open once."""
    first, second = history.run("unknown"), history.attempt()
    history.settle()
    third = history.run("unknown")
    history.resolve(history.run("unknown"))
    left = history.attempt()
    with opened(history.path, may_be_missing=False) as journal:
        found = open_runs(journal.newest_first(), unfinished(journal.newest_first()))

    assert [left, third, second, first] == [record["run"] for record in found]


def at(time: datetime, record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* as it would be if it were written at *time*."""
    return record | {"time": time.isoformat()}


def test_denials_of_the_last_hour_are_counted_by_administrator(history: History) -> None:
    """Each administrator has a count of their own, and what is older does not count."""
    history.denied("eve")
    denied = history.records()[0]
    other = denied | {"actor": {"admin": "bob"}}
    records = [
        at(NOW, denied),
        at(NOW - timedelta(minutes=10), other),
        at(NOW - timedelta(minutes=61), denied),
        at(NOW - timedelta(minutes=59), denied),
        at(NOW - timedelta(days=2), denied),
    ]
    expected = {"eve": [NOW - timedelta(minutes=59), NOW], "bob": [NOW - timedelta(minutes=10)]}

    assert expected == recent_denials(records, NOW - timedelta(hours=1))


def test_denials_are_found_in_the_journal(history: History) -> None:
    """Only the lines of denied checks are read as records."""
    history.run()
    history.denied("eve")
    with opened(history.path, may_be_missing=False) as journal:
        found = recent_denials(journal.newest_first(), datetime.now(UTC) - timedelta(hours=1))

    assert ["eve"] == list(found)
