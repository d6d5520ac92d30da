"""The syslog copies in a log: which lines are copies, and what makes them unusable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import journals
import logs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.copies import copies_in
from onbox.audit.record import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from onbox.audit.record import Record

RECORDS = logs.chain("run", 3)
LONG = logs.chain("long", 1, evidence=["x" * 9000])[0]


@pytest.mark.parametrize("form", logs.FORMS)
def test_copies_are_read_in_each_form(form: Callable[[Record], bytes]) -> None:
    """Each form of a log gives back the records, with the lines they stand in."""
    found = list(copies_in(b"".join(map(form, RECORDS))))

    assert [(copy.line, copy.seq, copy.whole, copy.record) for copy in found if copy] == [
        (line, record["seq"], True, record) for line, record in enumerate(RECORDS, 1)
    ]


@pytest.mark.parametrize("form", logs.FORMS)
def test_copy_with_fields_left_out_agrees_with_its_record(form: Callable[[Record], bytes]) -> None:
    """Fields that did not fit into a message are not compared, and the copy proves nothing by itself."""
    (copy,) = copies_in(form(LONG))

    assert copy
    assert not copy.whole
    assert copy.is_copy_of(LONG)
    assert not copy.is_copy_of(LONG | {"run": "other"})


UNUSABLE: list[dict[str, Any]] = [
    {"omitted": 5},
    {"omitted": []},
    {"omitted": {"note": 1}},
    {"omitted": ["run"]},
    {"omitted": [["note"]]},
    {"hash": "f" * 63},
    {"hash": "F" * 64},
    {"hash": None},
    {"hash": ["f" * 64]},
    {"prev": "x"},
    {"prev": None},
    {"prev": 5},
    {"prev": "0" * 64},
    {"seq": True},
    {"seq": -1},
    {"seq": 0},
    {"seq": 2.0},
    {"seq": "2"},
    {"seq": None},
    {"seq": 2**53},
    {"seq": [2]},
    {"host": None},
    {"host": "am1"},
    {"host": {}},
    {"host": {"name": 5}},
]


@pytest.mark.parametrize("fields", UNUSABLE, ids=repr)
def test_copy_of_another_form_is_unusable(fields: dict[str, Any]) -> None:
    """A copy that onbox can't have written is counted, in any form of log."""
    for form in (rfc5424, journald):
        assert [None] == list(copies_in(form(RECORDS[1] | fields)))


def rfc5424(record: Record) -> bytes:
    """Return a line with *record* as it is."""
    return b"<85>1 2026-11-24T12:00:00Z am1 onbox 7 - - @cee: " + canonical(record).encode() + b"\n"


def journald(record: Record) -> bytes:
    """Return a line of `journalctl -o json` with *record* as it is."""
    return json.dumps({"SYSLOG_IDENTIFIER": "onbox", "MESSAGE": "@cee: " + canonical(record)}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        logs.plain(RECORDS[0])[:200],
        logs.rfc5424(RECORDS[0])[:200],
        logs.plain(RECORDS[0]).replace(b'"note":null', b'"note":NaN'),
        logs.plain(RECORDS[0]).replace(b'"note":null', b'"note":' + b"[" * 3000 + b"]" * 3000),
        logs.plain(RECORDS[0]).replace(b'"note":null', b'"note":' + b"9" * 5000),
        b"Nov 24 12:00:00 am1 onbox[7]: @cee: [" * 9 + b"\n",
        b'{"SYSLOG_IDENTIFIER":"onbox","MESSAGE":null}\n',
        b'{"SYSLOG_IDENTIFIER":"onbox","MESSAGE":[300,"x"]}\n',
        b'\t"MESSAGE" : "@cee: {\\"event\\":\\"x\\",\\"onbox\\":{}}",\n',
    ],
)
def test_garbled_line_of_onbox_is_counted(line: bytes) -> None:
    """A line that shows where it comes from and holds no copy any more does not vanish."""
    assert [None] == list(copies_in(line))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"Nov 24 12:00:00 am1 sshd[1]: Accepted password\n",
        b'Nov 24 12:00:00 am1 other[1]: @cee: {"msg": "x"}\n',
        b'{"msg": "x", "list": [], "bytes": [64, 99]}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\xfd\n"[2:],
    ],
)
def test_line_of_others_is_passed_over(line: bytes) -> None:
    """A log holds the messages of other programs too."""
    assert [] == list(copies_in(line))


def test_result_that_no_journal_took_is_a_copy() -> None:
    """A record without a place in the chain is read as such."""
    record = journals.sealed(RECORDS[0], 0, "") | {"seq": None, "prev": None}
    (copy,) = copies_in(logs.parsed(record))

    assert copy
    assert (0, "") == (copy.seq, copy.prev)


def test_content_that_does_not_match_its_hash_is_not_whole() -> None:
    """A copy proves its content by its hash alone, not by its sender."""
    (copy,) = copies_in(logs.plain(RECORDS[0] | {"run": "forged"}))

    assert copy
    assert not copy.whole


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: b" onbox[1]: @cee: " + text.encode("utf-8")))
def test_no_log_breaks_the_reader(log: bytes) -> None:
    """Any log is read to its end."""
    assert {None} >= set(copies_in(log))
