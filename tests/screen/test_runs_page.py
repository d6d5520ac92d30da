"""One run as a page, from records that onbox wrote, and from anything else that a file can contain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.screen.runs import page, row, summary

if TYPE_CHECKING:
    from history import History


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
        "Account": "rsaadmin",
        "Login ID": "1000",
        "Terminal": "/dev/pts/0",
        "From": "192.0.2.7",
        "Exit code": "0",
        "Evidence": "(1 row)",
        "Last hash": records[-1]["hash"],
    }

    rows = page(records)

    assert expected == {name: value for name, value in rows if name in expected}
    assert dict(rows)["Command"].endswith("marker_time 0 GLOBAL")
    assert f"{records[0]['time']} to {records[-1]['time']}" == dict(rows)["Time"]
    assert 3 == sum(name == "Evidence" for name, _ in rows)
    assert 3 == sum(name == "Record" for name, _ in rows)


def test_page_of_a_resolved_run_says_who_resolved_it_and_how(history: History) -> None:
    """The last word counts, and what the run itself knew stays."""
    history.resolve(history.run("unknown"))

    rows = page(history.records())
    at = next(number for number, (name, _) in enumerate(rows) if name == "Resolved")

    assert "success (run-resolved): Resolved." == dict(rows)["Outcome"]
    assert {"Administrator": "ocadmin", "Note": "by accident", "Exit code": "0"}.items() <= dict(rows[:at]).items()
    assert {"Account": "rsaadmin", "Note": "The tokens are there."}.items() <= dict(rows[at:]).items()


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "none: the update was not tried"), (2, "unknown (update-attempted)")]
)
def test_page_of_a_run_without_an_ending_says_how_far_it_came(history: History, count: int, expected: str) -> None:
    """A dry run and a run that was cut off are not taken for each other."""
    history.attempt()

    assert dict(page(history.records()[:count]))["Outcome"].startswith(expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = "actor process reason note ticket evidence transcript message seq host hash code"


@given(
    st.dictionaries(st.sampled_from(MEMBERS.split()), JSON),
    st.sampled_from(["resync.result", "run.resolved", "journal.repaired", "other"]),
)
def test_no_record_breaks_a_page_or_a_list(members: dict[str, Any], event: str) -> None:
    """Any content of a file is shown, and nothing fails, though a resolution is all that is left of a run."""
    record = {"event": event, "outcome": "success", "run": "r", "time": "2026-11-24T11:00:00Z", **members}

    assert all(isinstance(cell, str) for cell in (*row(record), *dict(page([record])).values()))
    assert record["run"] == summary(record)["run"] == dict(page([record]))["Run"]
