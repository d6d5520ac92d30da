"""The guard against a lockout: what counts, by which clock, and what that forbids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.lockout import Guard, guard, guards
from onbox.audit.reader import opened
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from history import History

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
    return guard(oldest_first[::-1], "eve", NOW)


def in_minutes(minutes: float) -> datetime:
    """Return the time in so many *minutes*."""
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes_ago", "count", "warns", "until"),
    [
        ([], 0, False, None),
        ([50, 40], 2, False, None),
        ([61, 60, 50, 40], 3, True, None),
        ([50, 40, 30, 20], 4, True, in_minutes(10)),
        ([55, 50, 40, 30, 20], 5, True, in_minutes(10)),
    ],
)
def test_fifth_login_is_refused(minutes_ago: list[float], count: int, warns: bool, until: datetime | None) -> None:
    """After three failures in 60 minutes the person is asked, after four refused until a fifth could not lock."""
    state = guarded(*map(record, minutes_ago))

    assert Guard("eve", count, until) == state if minutes_ago else Guard("eve") == state
    assert warns == state.warns
    if until is None:
        state.require_room()
    else:
        with pytest.raises(OnboxError, match=f"lockout-guard admin=eve count={count} until=2026-11-24 12:10 UTC"):
            state.require_room()


def test_each_administrator_counts_for_themselves_in_upper_or_lower_case() -> None:
    """A name in capitals is the same account, another name another one; the guard and `status` agree."""
    records = [record(1, "bob"), record(2, "Eve"), record(3, "EVE"), record(4, "")]

    assert [("bob", 1), ("Eve", 2), ("", 1)] == [(each.admin, each.count) for each in guards(records, NOW)]
    assert [1, 2, 0] == [guard(records, name, NOW).count for name in ("BOB", "eve", "mallory")]


def test_only_failed_logins_count() -> None:
    """A denied login counts, and so does a password that rsautil asked for again during the update."""
    late = record(1, event="resync.result", code="update-asked-again")

    assert 2 == guarded(record(3), other(2), late, record(1, event="admin.verified")).count


def test_failed_logins_are_found_in_the_journal(history: History) -> None:
    """The guard counts the failed logins that onbox records."""
    history.denied("eve")
    history.run("unknown", admin="eve", code="update-asked-again")
    history.run(admin="eve")
    with opened(history.path, may_be_missing=False) as journal:
        assert [Guard("eve", 2)] == guards(journal.newest_first(), datetime.now(UTC))


FOUR = [record(ago) for ago in (40, 30, 20, 10)]
WRONG_CLOCKS: dict[str, tuple[list[dict[str, Any]], int, datetime | None, bool]] = {
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
    "denials of last week, then 1970": ([*[record(7 * DAY)] * 4, other(YEAR_1970)], 0, None, False),
    "denials of last week, then next week": ([*[record(7 * DAY)] * 4, other(NEXT_WEEK)], 0, None, False),
    "denials of last week, then next week, then right": (
        [*[record(7 * DAY)] * 4, other(NEXT_WEEK), other(90)],
        0,
        None,
        False,
    ),
    "denials of last week by a clock that was ahead": ([*[record(-1)] * 4, other(7 * DAY)], 0, None, False),
}


@pytest.mark.parametrize(("records", "count", "until", "corrected"), WRONG_CLOCKS.values(), ids=list(WRONG_CLOCKS))
def test_no_wrong_clock_hides_a_failed_login(
    records: list[dict[str, Any]], count: int, until: datetime | None, corrected: bool
) -> None:
    """Records stand in their order: one whose time can't be right is as late as the next one, or as now."""
    state = guarded(*records)

    assert (count, until, corrected) == (state.count, state.until, state.rests_on_correction)


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
    assert NOW < (state.until or NOW) <= in_minutes(60)


@given(st.lists(st.tuples(times | st.integers(0, 90), st.booleans()), max_size=12))
def test_whatever_the_times_each_denial_counts_at_most_once(told: list[tuple[int, bool]]) -> None:
    """No order of times makes more failed logins than there were, or a refusal that never ends."""
    records = [record(ago) if denial else other(ago) for ago, denial in told]

    state = guarded(*records)

    assert sum(denial for _, denial in told) >= state.count
    assert (state.until or NOW) <= in_minutes(60)
    assert (state.count < 4) == (state.until is None)
    assert not state.rests_on_correction or state.until


def test_search_for_failed_logins_is_bounded() -> None:
    """The guard reads the last hour, and a hundred records before it, however long the journal is."""
    newest_first = iter([record(1), *[other(2 * DAY)] * 1000])

    assert 1 == guard(newest_first, "eve", NOW).count
    assert 900 == len(list(newest_first))
