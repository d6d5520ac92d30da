"""The guard against a lockout: what counts, by which clock, and what that forbids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.lockout import Guard, guards

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = 24 * 60
YEAR_1970, NEXT_WEEK, NEXT_YEAR = 56 * 365 * DAY, -7 * DAY, -365 * DAY


def record(minutes_ago: float, admin: str = "eve", event: str = "admin.denied", code: str = "") -> dict[str, Any]:
    """Return a record that says it was written *minutes_ago*."""
    time = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    return {"event": event, "time": time, "actor": {"admin": admin}, "code": code}


def other(minutes_ago: float) -> dict[str, Any]:
    """Return a record that is no failed login."""
    return record(minutes_ago, event="resync.refused")


def guarded(*oldest_first: dict[str, Any]) -> Guard:
    """Return the guard of eve after these records."""
    return guards(oldest_first[::-1], NOW).get("eve", Guard("eve"))


def in_minutes(minutes: float) -> datetime:
    """Return the time in so many *minutes*."""
    return NOW + timedelta(minutes=minutes)


def test_each_administrator_counts_for_themselves_in_upper_or_lower_case() -> None:
    """A name in capitals is the same account, another name another one."""
    records = [record(1, "bob"), record(2, "Eve"), record(3, "EVE"), record(4, "")]

    assert {"bob": Guard("bob", 1), "eve": Guard("Eve", 2), "": Guard("", 1)} == guards(records, NOW)


FOUR = [record(ago) for ago in (40, 30, 20, 10)]
LAST_WEEK = [record(7 * DAY)] * 4
# The records, the oldest first; how many count; until when the next try is refused; whether a corrected time matters.
CASES: dict[str, tuple[list[dict[str, Any]], int, datetime | None, bool]] = {
    "none": ([], 0, None, False),
    "three, and two that are too old": ([*map(record, (62, 61, 60, 50, 40))], 3, None, False),
    "four": ([*map(record, (50, 40, 30, 20))], 4, in_minutes(10), False),
    "five": ([*map(record, (55, 50, 40, 30, 20))], 5, in_minutes(10), False),
    "other events, and a password asked for again by the update": (
        [record(3), other(2), record(1, event="resync.result", code="update-asked-again"), record(1, event="verified")],
        2,
        None,
        False,
    ),
    "one record of 1970 after the denials": ([*FOUR, other(YEAR_1970)], 4, in_minutes(20), False),
    "one record of next week after the denials": ([*FOUR, other(NEXT_WEEK)], 4, in_minutes(20), False),
    "a record of 1970 between them": ([*FOUR[:2], other(YEAR_1970), *FOUR[2:]], 4, in_minutes(20), False),
    "a record of next week between them": ([*FOUR[:2], other(NEXT_WEEK), *FOUR[2:]], 4, in_minutes(20), False),
    "one denial of 1970": ([*FOUR[:3], record(YEAR_1970)], 4, in_minutes(20), True),
    "one denial of next year": ([*FOUR[:3], record(NEXT_YEAR), other(5)], 4, in_minutes(20), True),
    "all denials of 1970": ([other(3 * DAY), *[record(YEAR_1970)] * 4], 4, in_minutes(60), True),
    "all denials of next week": ([record(NEXT_WEEK)] * 4, 4, in_minutes(60), True),
    "the clock set back by an hour": ([record(-ago) for ago in (57, 58, 59, 60)], 4, in_minutes(60), True),
    "the clock a second ahead of the next record": ([*FOUR[:3], record(10), other(10.02)], 4, in_minutes(20), False),
    "a time that nobody can read": ([other(DAY), *FOUR[:3], record(0) | {"time": "?"}], 4, in_minutes(20), True),
    "denials of last week, then 1970": ([*LAST_WEEK, other(YEAR_1970)], 0, None, False),
    "denials of last week, then next week": ([*LAST_WEEK, other(NEXT_WEEK)], 0, None, False),
    "denials of last week, then next week, then right": ([*LAST_WEEK, other(NEXT_WEEK), other(90)], 0, None, False),
    "denials of last week by a clock that was ahead": ([*[record(-1)] * 4, other(7 * DAY)], 0, None, False),
}


@pytest.mark.parametrize(("records", "count", "until", "corrected"), CASES.values(), ids=list(CASES))
def test_failed_logins_of_an_hour_count_by_any_clock(
    records: list[dict[str, Any]], count: int, until: datetime | None, corrected: bool
) -> None:
    """After four in 60 minutes the next is refused; a time that can't be right is that of the next record, or now."""
    assert Guard("eve", count, until, corrected) == guarded(*records)


times = st.one_of(st.integers(-800 * DAY, -1), st.integers(2 * DAY, 60 * 365 * DAY))


@given(times, st.integers(0, 4), st.booleans())
def test_no_single_time_hides_a_failed_login(minutes_ago: int, place: int, denial: bool) -> None:
    """One record with an impossible time, at any place, hides none of four failed logins."""
    records = [other(50), *FOUR]
    if denial and place:
        records[place] = record(minutes_ago)
    else:
        records.insert(place + 1, other(minutes_ago))

    state = guarded(*records)

    assert 4 == state.count
    assert NOW < (state.refused_until or NOW) <= in_minutes(60)


@given(st.lists(st.tuples(times | st.integers(0, 90), st.booleans()), max_size=12))
def test_whatever_the_times_each_denial_counts_at_most_once(told: list[tuple[int, bool]]) -> None:
    """No order of times makes more failed logins than there were, or a refusal that never ends."""
    state = guarded(*(record(ago) if denial else other(ago) for ago, denial in told))

    assert sum(denial for _, denial in told) >= state.count
    assert (state.refused_until or NOW) <= in_minutes(60)
    assert (state.count < 4) == (state.refused_until is None)
    assert not state.rests_on_correction or state.refused_until
