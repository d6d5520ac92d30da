"""Reading a journal: what is a record, in which order they come, and what is left alone."""

from __future__ import annotations

import codecs
import fcntl
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.reader import Reader, object_of, record_of
from onbox.audit.record import member
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from history import History


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b"{} {}"),
        *(b'{"x":NaN}', b'{"x":-Infinity}', b'{"x":1e999}'),
        b"[" * 100_000,
        b'{"x":' + b"9" * 5000 + b"}",
    ],
)
def test_line_that_is_no_json_object_is_no_record(line: bytes) -> None:
    """A record is a JSON object that can be written as JSON again."""
    assert object_of(line) is None
    assert record_of(line) is None


@given(st.binary(max_size=200))
def test_no_line_breaks_the_reader(line: bytes) -> None:
    """Any line is a record or counts as bad."""
    assert isinstance(object_of(line), (dict, type(None)))


def test_records_have_the_texts_that_readers_rely_on() -> None:
    """A member of another type is shown as JSON, a missing one as nothing, and all others as they are."""
    assert {"time": "", "run": "5", "event": "null", "outcome": "o", "note": [1.5, "\x1b"]} == record_of(
        b' { "run": 5, "event":null,"outcome":"o","note":[1.5,"\\u001b"]}\r'
    )


@pytest.mark.parametrize(
    ("path", "expected"), [("a", {"b": 1}), ("a.b", 1), ("a.c", None), ("a.b.c", None), ("x.y", None)]
)
def test_member_is_found_or_nothing(path: str, expected: Any) -> None:
    """Looking for a member never fails, in any forged record."""
    assert expected == member({"a": {"b": 1}}, path)


def test_bad_lines_are_left_out_and_counted(history: History) -> None:
    """Garbage and an incomplete last line hide no record."""
    history.run()
    records, whole = history.records(), history.path.read_bytes()
    history.path.write_bytes(b"garbage\n" + whole + b"\n" + whole[:20])

    journal = Reader(history.path, may_be_missing=False)
    assert (records, records) == (journal.records, journal.unchanged)
    assert (3, 0) == (journal.bad, journal.damaged)


@pytest.mark.parametrize(
    "changed",
    [
        lambda line: line.replace(b",", b", "),
        lambda line: line.replace(b"refused", b"success"),
        lambda line: line.replace(b"\n", b"\r\n"),
        lambda line: codecs.BOM_UTF8 + line,
        lambda line: line.decode().encode("utf-16"),
        lambda _: b'{"run":5}\n',
    ],
    ids=["reformatted", "modified", "CR LF", "byte order mark", "UTF-16", "other types"],
)
def test_record_that_is_not_as_onbox_wrote_it_is_shown_and_counted(
    changed: Callable[[bytes], bytes], history: History
) -> None:
    """A line of JSON is never hidden, however it was modified."""
    history.refused()
    history.path.write_bytes(changed(history.path.read_bytes()))

    journal = Reader(history.path, may_be_missing=False)
    assert (1, 1) == (len(journal.records), len(journal.unchanged))
    assert (0, 1) == (journal.bad, journal.damaged)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that isn't there or isn't a file ends in words, without waiting."""
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("no", "No such file"), ("", "regular file"), ("pipe", "regular file")):
        with pytest.raises(OnboxError, match=words):
            Reader(tmp_path / name, may_be_missing=False)


def test_reading_waits_for_no_lock_and_changes_nothing(history: History) -> None:
    """A reader neither waits for a writer nor leaves a trace, and needs no right to write."""
    history.run()
    folder = history.path.parent
    history.path.chmod(0o400)
    folder.chmod(0o500)
    before = {entry.name: (entry.stat().st_mtime_ns, entry.stat().st_size) for entry in folder.iterdir()}
    with history.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert 3 == len(Reader(history.path, may_be_missing=False).records)

    assert before == {entry.name: (entry.stat().st_mtime_ns, entry.stat().st_size) for entry in folder.iterdir()}
