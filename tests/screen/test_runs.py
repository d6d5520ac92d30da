"""Runs in lists, from records that onbox wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from onbox.audit.history import last_run, shown, time_of
from onbox.audit.reader import opened
from onbox.errors import Code
from onbox.screen.runs import COLUMNS, last_run_shown, listed, row, summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from history import History


def names(history: History, last: int = 20, outcome: str | None = None) -> list[tuple[str, str]]:
    """Return run and event of the *last* records that a list shows."""
    with opened(history.path, may_be_missing=False) as journal:
        return [(record["run"], record["event"]) for record in listed(journal, last, outcome)]


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

    assert expected[::-1] == names(history)


def test_attempt_without_a_result_is_listed_until_the_next_run_says_so(history: History) -> None:
    """A run that was cut off must not be missing from the list."""
    run = history.attempt()
    refused = history.refused()

    assert [(refused, "resync.refused"), (run, "resync.attempt")] == names(history)

    history.settle()

    assert [(run, "run.abandoned"), (refused, "resync.refused")] == names(history)


@pytest.mark.parametrize(
    ("last", "outcome", "expected"),
    [(2, None, [4, 3]), (20, "failure", [2, 1]), (20, "refused", [3]), (1, "failure", [2])],
)
def test_list_holds_what_was_asked_for(history: History, last: int, outcome: str | None, expected: list[int]) -> None:
    """The outcome narrows the list, and the number counts what is left."""
    runs = [
        history.run(admin="bob"),
        history.run("failure", admin="alice"),
        history.denied(admin="bob"),
        history.refused(),
        history.run(admin="alice"),
    ]

    assert [runs[number] for number in expected] == [run for run, _ in names(history, last, outcome)]


def test_list_of_more_than_any_number_is_all_of_it(history: History) -> None:
    """A number too large for a machine word asks for everything."""
    runs = [history.run(), history.refused()]

    assert runs[::-1] == [run for run, _ in names(history, 10**20)]


ROWS = [
    (lambda history: history.run(), ("confirmed", "update-confirmed", "ocadmin")),
    (lambda history: history.run(code="update-accepted"), ("accepted", "update-accepted", "ocadmin")),
    (lambda history: history.run("failure"), ("failed", "update-sql-error", "ocadmin")),
    (lambda history: history.run("unknown", admin="b" * 255), ("unknown", "update-unproven", "bbbbbbbbbbbb...")),
    (lambda history: history.denied("eve"), ("failed", "admin-denied", "eve")),
    (lambda history: history.refused(), ("refused", "not-confirmed", "-")),
    (lambda history: history.attempt(), ("unknown", "update-attempted", "ocadmin")),
    (lambda history: history.resolve("run-1"), ("success", "run-resolved", "-")),
    (lambda history: history.resolve("run-1", "failure"), ("failed", "run-resolved", "-")),
]


@pytest.mark.parametrize(("story", "cells"), ROWS, ids=[cells[1] for _, cells in ROWS])
def test_row_says_the_outcome_in_words_and_by_its_code(
    history: History, story: Callable[[History], object], cells: tuple[str, ...]
) -> None:
    """Confirmed and accepted are two words, the code stands behind the word, and a row fits 80 columns."""
    story(history)
    found = row(history.records()[-1])

    assert cells == found[2:]
    assert (len(COLUMNS), 16, True) == (len(found), len(found[0]), len(found[1]) <= 8)


def test_row_of_the_longest_code_fits_the_screen() -> None:
    """79 columns are enough for any code and name."""
    record = {"time": "2026-11-24T11:00:00Z", "run": "r" * 36, "event": "resync.result", "outcome": "confirmed"}
    longest = max(get_args(Code), key=len)

    assert 79 >= len("  ".join(row(record | {"code": longest, "actor": {"admin": "a" * 255}})))
    assert longest == row(record | {"code": longest})[3]
    assert "x" * 20 + "..." == row(record | {"code": "x" * 100})[3]


def test_last_run_is_one_line(history: History) -> None:
    """The line has the time with its zone, who, the outcome in words with its code, and the short ID."""
    run = history.run("unknown")
    history.resolve(run)
    with opened(history.path, may_be_missing=False) as journal:
        found = last_run(journal.newest_first())

    assert found
    assert f"{shown(time_of(found.own))} by ocadmin: success (run-resolved), run {run[:8]}" == last_run_shown(found)


def test_summary_is_whole(history: History) -> None:
    """A program gets the texts as they are on record, and the stable code."""
    run = history.run(admin="b" * 255)
    expected = {
        "run": run,
        "event": "resync.result",
        "outcome": "success",
        "code": "update-confirmed",
        "admin": "b" * 255,
        "reason": "tokens-deleted",
        "ticket": "CHG-4711",
        "note": "by accident",
        "message": "It was a success.",
    }

    found = summary(history.records()[-1])

    assert history.records()[-1]["time"] == found.pop("time")
    assert expected == found
