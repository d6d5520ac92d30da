"""What the audit trail says: lists, runs and what is open, from records that the real trail wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onbox.audit.reader import opened
from onbox.screen.runs import COLUMNS, listed, row, summary

if TYPE_CHECKING:
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
    assert ("no result",) == row(history.records()[1])[-1:]

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
