"""One run as a page, from records that onbox wrote, and from anything else that a file can contain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.reader import object_of
from onbox.screen.runs import page, row, summary

if TYPE_CHECKING:
    from history import History


def values(rows: list[tuple[str, str]]) -> dict[str, str]:
    """Return *rows* by name; the last of several lines counts."""
    return dict(rows)


def test_page_of_a_success_says_who_why_what_and_how_it_ended(history: History) -> None:
    """The page holds what a change ticket asks for."""
    run = history.run()
    records = history.records()
    expected = {
        "Run": run,
        "Outcome": "confirmed (update-confirmed): It was a success.",
        "Host": "am1.example.com",
        "Administrator": "ocadmin",
        "Reason": "tokens-deleted",
        "Ticket": "CHG-4711",
        "Note": "by accident",
        "Account": "rsaadmin, uid 1000, login uid 1000, on /dev/pts/0, from 192.0.2.7",
        "Exit": "exit code 0, seconds: 12.345",
        "rsautil": "(1 row)",
        "Last hash": records[-1]["hash"],
    }

    rows = page(records)

    assert expected == {name: value for name, value in values(rows).items() if name in expected}
    assert values(rows)["Command"].endswith("marker_time 0 GLOBAL")
    assert 3 == sum(name == "rsautil" for name, _ in rows)
    assert 3 == sum(name == "Record" for name, _ in rows)
    assert all(value for _, value in rows)


def test_page_shows_the_whole_transcript_where_there_is_one(history: History) -> None:
    """An answer that is not one of the known ones is shown as it was kept."""
    history.run("unknown")
    record = history.records()[-1] | {"transcript": ["one", "two"], "warnings": ["no copy"]}

    rows = page([record])

    assert ["one", "two"] == [value for name, value in rows if name == "rsautil"]
    assert "no copy" == values(rows)["Warning"]


def test_page_of_a_resolved_run_says_who_resolved_it_and_how(history: History) -> None:
    """The last word counts, and what the run itself knew stays."""
    run = history.run("unknown")
    history.resolve(run)

    rows = values(page(history.records()))

    assert "success (run-resolved): Resolved." == rows["Outcome"]
    assert "UTC by rsaadmin" in rows["Resolved"]
    assert rows["Resolved"].endswith("The tokens are there.")
    assert "by accident" == rows["Note"]
    assert "ocadmin" == rows["Administrator"]
    assert "exit code 0, seconds: 12.345" == rows["Exit"]


def test_page_of_an_abandoned_run_keeps_its_own_facts(history: History) -> None:
    """The record of the next run gives the outcome, not the administrator."""
    history.attempt("bob")
    history.settle()

    rows = values(page(history.records()))

    assert rows["Outcome"].startswith("unknown (run-abandoned): The run of bob (")
    assert "bob" == rows["Administrator"]


@pytest.mark.parametrize(("count", "expected"), [(1, "the update was not tried"), (2, "the update was about to run")])
def test_page_of_a_run_without_an_ending_says_how_far_it_came(history: History, count: int, expected: str) -> None:
    """A dry run and a run that was cut off are not taken for each other."""
    history.attempt()

    assert expected in values(page(history.records()[:count]))["Outcome"]


def test_page_of_nothing_but_what_came_later_is_still_a_page(history: History) -> None:
    """In a journal that was cut at its beginning, a resolution can be all there is of a run."""
    history.resolve("run-1")

    assert "run-1" == values(page(history.records()))["Run"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = [
    "actor",
    "process",
    "reason",
    "note",
    "ticket",
    "evidence",
    "transcript",
    "message",
    "seq",
    "host",
    "hash",
    "code",
]


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.sampled_from(["resync.result", "run.resolved", "other"]))
def test_no_record_breaks_a_page_or_a_list(members: dict[str, Any], event: str) -> None:
    """Any content of a file is shown, and nothing fails."""
    record = {"event": event, "outcome": "success", "run": "r", "time": "2026-11-24T11:00:00Z", **members}

    assert record == object_of(json.dumps(record).encode())
    assert all(isinstance(cell, str) for cell in (*row(record), *dict(page([record])).values()))
    assert record["run"] == summary(record)["run"]
