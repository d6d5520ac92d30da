"""What the audit trail says: lists, runs and what is open, from records that the real trail wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.reader import opened
from onbox.audit.record import canonical
from onbox.audit.report import (
    COLUMNS,
    DENIAL,
    OPEN_OR_RESOLVED,
    Query,
    endings,
    is_open,
    last_ending,
    line_of_run,
    listed,
    moment,
    one_run,
    open_runs,
    recent_denials,
    row,
    summary,
)
from onbox.audit.runs import unfinished
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from history import History

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def names(history: History, query: Query) -> list[tuple[str, str]]:
    """Return run and event of what *query* lists."""
    with opened(history.path, may_be_missing=False) as journal:
        return [(record["run"], record["event"]) for record in listed(journal, query)]


def at(time: datetime, record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* as if it had been written at *time*."""
    return record | {"time": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T08:30", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2026-11-24 08:30:01", datetime(2026, 11, 24, 8, 30, 1, tzinfo=UTC)),
        ("2026-11-24T08:30+01:00", datetime(2026, 11, 24, 7, 30, tzinfo=UTC)),
        ("2026-11-24T08:30Z", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
    ],
)
def test_date_or_time_is_utc_unless_it_says_otherwise(text: str, expected: datetime) -> None:
    """A person may write a date or a time, with or without an offset."""
    assert expected == moment(text)


@pytest.mark.parametrize("text", ["", "yesterday", "24.11.2026", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """A list must not silently begin at another time than the one that was meant."""
    with pytest.raises(OnboxError, match="not a date"):
        moment(text)


def test_list_has_one_line_for_each_ending_newest_first(history: History) -> None:
    """Checks that succeeded, attempts that have a result and repairs are part of a run, not lines of their own."""
    expected = [
        (history.run(), "resync.result"),
        (history.denied(), "admin.denied"),
        (history.refused(), "resync.refused"),
        (history.run("unknown"), "resync.result"),
    ]
    history.resolve(expected[-1][0])
    expected.append((expected[-1][0], "run.resolved"))

    assert expected[::-1] == names(history, Query())


def test_attempt_without_a_result_is_listed_until_the_next_run_says_so(history: History) -> None:
    """A run that was cut off must not be missing from the list."""
    run = history.attempt()
    refused = history.refused()

    assert [(refused, "resync.refused"), (run, "resync.attempt")] == names(history, Query())
    assert ("no result",) == row(history.records()[1])[-1:]

    history.settle()

    assert [(run, "run.abandoned"), (refused, "resync.refused")] == names(history, Query())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(last=2), [4, 3]),
        (Query(outcome="failure"), [2, 1]),
        (Query(outcome="refused"), [3]),
        (Query(admin="alice"), [4, 1]),
        (Query(admin="ALICE"), []),
        (Query(admin="alice", outcome="failure"), [1]),
        (Query(admin="alice", last=1), [4]),
        (Query(since=datetime(2000, 1, 1, tzinfo=UTC), last=1), [4]),
        (Query(since=datetime(2100, 1, 1, tzinfo=UTC)), []),
    ],
)
def test_list_holds_what_was_asked_for(history: History, query: Query, expected: list[int]) -> None:
    """Each wish narrows the list, and the number counts what is left."""
    runs = [
        history.run(admin="bob"),
        history.run("failure", admin="alice"),
        history.denied(admin="bob"),
        history.refused(),
        history.run(admin="alice"),
    ]

    assert [runs[number] for number in expected] == [run for run, _ in names(history, query)]


def test_list_since_a_time_reads_no_further_than_a_day_before() -> None:
    """A clock that was set back hides nothing, and the rest of a long journal is not read."""
    records = [
        {"event": "resync.refused", "outcome": "refused", "run": "r", "time": f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}"}
        for age in (timedelta(0), timedelta(hours=5), timedelta(hours=1), timedelta(days=3), timedelta(0))
    ]
    unread = iter(records)

    found = list(endings(unread, Query(since=NOW - timedelta(hours=2)), None))

    assert [records[0], records[2]] == found
    assert [records[4]] == list(unread)


@given(st.text(), st.text())
def test_filter_finds_the_lines_of_an_administrator_and_no_others(admin: str, other: str) -> None:
    """Whatever a name looks like, the search of the bytes and that of the record agree."""
    record = {"actor": {"admin": admin}, "event": "resync.result", "outcome": "success", "run": "r", "time": ""}
    line = canonical(record).encode()

    assert Query(admin=admin, outcome="success").lines.search(line)
    assert (admin == other) == bool(Query(admin=other).lines.search(line))
    assert not Query(outcome="failure").lines.search(line)


@given(st.text())
def test_text_on_record_cannot_imitate_an_event(text: str) -> None:
    """What a person typed can't make a line look like another event."""
    forged = f'"event":"run.resolved" "event":"admin.denied"{text}'
    line = canonical({"event": "admin.verified", "note": forged, "outcome": "success"}).encode()

    assert not any(pattern.search(line) for pattern in (OPEN_OR_RESOLVED, DENIAL, Query().lines))


def test_row_fits_the_screen(history: History) -> None:
    """The longest reason and a long name of an administrator leave the line within 79 columns."""
    history.run("success", admin="a" * 255, reason="identity-source-added")
    cells = row(history.records()[-1])

    assert len(COLUMNS) == len(cells)
    assert 79 >= len("  ".join(cells))
    assert "aaaaaaaaaaaaa..." == cells[3]
    assert "identity-source-added" == cells[4]


def test_row_of_a_run_without_reason_names_the_event(history: History) -> None:
    """What has no reason and no administrator says so, and what happened."""
    history.refused()

    assert ("refused", "-", "resync.refused") == row(history.records()[-1])[2:]


def test_summary_is_whole(history: History) -> None:
    """A program gets the texts as they are on record."""
    run = history.run(admin="b" * 255)
    expected = {
        "run": run,
        "event": "resync.result",
        "outcome": "success",
        "admin": "b" * 255,
        "reason": "tokens-deleted",
        "ticket": "CHG-4711",
        "note": "by accident",
        "message": "It was a success.",
    }

    found = summary(history.records()[-1])

    assert history.records()[-1]["time"] == found.pop("time")
    assert expected == found


def test_run_is_found_by_its_id_or_the_beginning_of_it(history: History) -> None:
    """The short id of a list is enough."""
    run = history.run()
    history.refused()

    for prefix in (run, run[:8]):
        with opened(history.path, may_be_missing=False) as journal:
            found = one_run(journal.oldest_first(line_of_run(prefix)), prefix)

        assert history.records()[:3] == found


def test_run_that_is_not_there_is_an_error() -> None:
    """An unknown id shows no other run."""
    with pytest.raises(OnboxError, match="begins with 'x'"):
        one_run([{"run": "other"}], "x")


def test_beginning_that_fits_several_runs_names_some_of_them() -> None:
    """Nobody pastes the wrong run into a ticket, and a million of them fill no screen."""
    records = [{"run": f"a{number}"} for number in range(7)]

    with pytest.raises(OnboxError, match=r"^7 runs .* a0, a1, a2, a3, a4, \.\.\.\.$"):
        one_run(records, "a")
    with pytest.raises(OnboxError, match=r"^2 runs .* a0, a1\.$"):
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
        found = open_runs(journal.newest_first(OPEN_OR_RESOLVED), left)

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
        found = open_runs(journal.newest_first(OPEN_OR_RESOLVED), unfinished(journal.newest_first()))

    assert [left, third, second, first] == [record["run"] for record in found]


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
        found = recent_denials(journal.newest_first(DENIAL), datetime.now(UTC) - timedelta(hours=1))

    assert ["eve"] == list(found)
