"""What the records say of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from onbox.audit.runs import admin_of, denials, follow, time_of, unfinished

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
