"""Runs in lists, from records that onbox wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from onbox.audit.reader import Reader
from onbox.errors import Code
from onbox.screen.runs import COLUMNS, listed, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from history import History


def names(history: History, last: int = 20, outcome: str | None = None) -> list[tuple[str, str]]:
    """Return ID and last event of the *last* runs that a list shows."""
    journal = Reader(history.path, may_be_missing=False)
    return [(run["run"], run["event"]) for run in listed(journal, last, outcome)]


def test_list_has_one_line_for_each_run_newest_first(history: History) -> None:
    """A run that was cut off is listed, before and after the next run says so; a dry run changed nothing."""
    unknown, refused, denied, cut_off = history.run("unknown"), history.refused(), history.denied(), history.attempt()
    history.log().info("admin.verified", outcome="success", code="admin-verified")
    expected = [(denied, "admin.denied"), (refused, "resync.refused"), (unknown, "resync.result")]

    assert [(cut_off, "resync.attempt"), *expected] == names(history)

    history.resolve(unknown)
    history.settle()

    assert [(cut_off, "run.abandoned"), *expected[:2], (unknown, "run.resolved")] == names(history)


@pytest.mark.parametrize(
    ("last", "outcome", "expected"),
    [
        (2, None, [4, 3]),
        (20, "failure", [2, 1]),
        (20, "refused", [3]),
        (1, "failure", [2]),
        (10**20, "success", [4, 0]),
    ],
)
def test_list_holds_what_was_asked_for(history: History, last: int, outcome: str | None, expected: list[int]) -> None:
    """The outcome narrows the list, and the number counts what is left; it may be too large for a machine word."""
    runs = [
        history.run(admin="bob"),
        history.run("failure", admin="alice"),
        history.denied(admin="bob"),
        history.refused(),
        history.run(admin="alice"),
    ]

    assert [runs[number] for number in expected] == [run for run, _ in names(history, last, outcome)]


ROWS = [
    (lambda history: history.run(), ("confirmed", "update-confirmed", "ocadmin")),
    (lambda history: history.run(code="update-accepted"), ("accepted", "update-accepted", "ocadmin")),
    (lambda history: history.run("unknown", admin="b" * 255), ("unknown", "update-unproven", "b" * 255)),
    (lambda history: history.denied("eve"), ("failed", "admin-denied", "eve")),
    (lambda history: history.refused(), ("refused", "not-confirmed", "-")),
    (lambda history: history.resolve("run-1"), ("success", "run-resolved", "-")),
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
    """79 columns are enough for any code, and for most of any name, which is cut where the screen ends."""
    record = {"time": "2026-11-24T11:00:00Z", "run": "r" * 36, "event": "resync.result", "outcome": "confirmed"}
    longest = max(get_args(Code), key=len)

    assert 79 >= len("  ".join(row(record | {"code": longest, "actor": {"admin": "a" * 15}})))
