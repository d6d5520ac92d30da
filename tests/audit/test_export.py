"""The audit records as files for others."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from history import EVIDENCE
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.export import cell, export
from onbox.audit.reader import Reader

if TYPE_CHECKING:
    from history import History


def exported(history: History, form: str) -> str:
    """Return what is written of *history* as *form*."""
    stream = io.StringIO(newline="")
    export(Reader(history.path, may_be_missing=False).unchanged, form, stream)
    return stream.getvalue()


def test_json_lines_are_those_of_the_journal(history: History) -> None:
    """An export can be verified like the journal, and gives a modified record as it stands there."""
    history.run(note="\u00e9\n")
    history.path.write_bytes(history.path.read_bytes() + b'{"run":5}\n')

    assert history.path.read_text() == exported(history, "jsonl")


def test_table_has_a_line_for_each_record(history: History) -> None:
    """A spreadsheet gets a column for each member, and lists in one cell."""
    history.run(note="=1+1\n", ticket=None)
    first, _, last = csv.DictReader(io.StringIO(exported(history, "csv")))

    assert ("1", "admin.verified", "admin-verified") == (first["seq"], first["event"], first["code"])
    assert ("'=1+1\\n", "", "12.345") == (last["note"], last["ticket"], last["process.seconds"])
    assert [*EVIDENCE] == json.loads(last["evidence"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (0.5, "0.5"),
        (True, "true"),
        ({"a": [1]}, '{"a": [1]}'),
        ([], ""),
        (["=a", "\u00e9"], '["=a", "\u00e9"]'),
        ("\uff1dx", "'\uff1dx"),
        ("@x", "'@x"),
        ("a\x1b\ud800\u202e", "a\\x1b\\ud800\\u202e"),
    ],
)
def test_cell_is_safe_to_look_at(value: Any, expected: str) -> None:
    """A terminal acts on nothing in a cell, and a spreadsheet computes nothing."""
    assert expected == cell(value)


@given(st.text() | st.lists(st.text()))
def test_cell_is_one_printable_line(value: str | list[str]) -> None:
    """A cell is printable and no formula, for any value of a record."""
    assert cell(value).isprintable()
    assert not cell(value).startswith(("=", "+", "-", "@"))
