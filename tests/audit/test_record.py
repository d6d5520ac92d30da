"""One audit record: its canonical text, its hash, and what is read back."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.record import canonical, digest, read, tidy

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(st.text(), values, max_size=6).map(lambda fields: tidy(fields) | {"seq": 1, "prev": "0" * 64})


def hashed(record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* with its hash."""
    return {**record, "hash": digest(record)}


@given(records)
def test_record_is_one_line_with_its_hash(record: dict[str, Any]) -> None:
    """A record with any values is a line of printable ASCII: sorted keys, no spaces, the SHA-256 of the rest."""
    record = {**record, "note": '"hash":"' + "0" * 64 + '",'}
    rest = {key: value for key, value in record.items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    line = canonical(hashed(record))

    assert hashlib.sha256(text.encode()).hexdigest() == digest({**record, "hash": "whatever"})
    assert line.isascii()
    assert line.isprintable()
    assert hashed(record) == read(line.encode())


@given(records, st.data())
def test_any_changed_byte_is_found(record: dict[str, Any], data: st.DataObject) -> None:
    """No byte of a line can be changed, removed or added."""
    line = canonical(hashed(record)).encode()
    place = data.draw(st.integers(0, len(line) - 1))
    byte = data.draw(st.binary(max_size=1).filter(lambda byte: byte != line[place : place + 1]))
    rest = data.draw(st.sampled_from([line[place:], line[place + 1 :]] if byte else [line[place + 1 :]]))

    with pytest.raises(ValueError, match="it"):
        read(line[:place] + byte + rest)


RECORD = hashed({"actor": {"b": 1, "a": 2}, "note": "a/b é", "prev": "0" * 64, "seq": 1})
LINE = canonical(RECORD)
FORGED = LINE.replace('"hash":"' + RECORD["hash"], '"hash":"' + "0" * 64 + '","hash":"%s')
FORGED_REST = FORGED.replace('"hash":"%s",', "")

DAMAGED = [
    (b"", "it is not a record in JSON"),
    (b"\xff", "it is not a record in JSON"),
    (b"[" * 100_000, "it is not a record in JSON"),
    (b"1" * 5000, "it is not a record in JSON"),
    (b'{"a":NaN}', "it is not a record in JSON"),
    (LINE.encode() + b"\r", "it is not in canonical form"),
    (LINE.replace("a/b", "a\\/b").encode(), "it is not in canonical form"),
    (LINE.replace(",", ", ").encode(), "it is not in canonical form"),
    (json.dumps(RECORD, ensure_ascii=False).encode(), "it is not in canonical form"),
    (json.dumps({"seq": 1, **RECORD}, separators=(",", ":")).encode(), "it is not in canonical form"),
    ((FORGED % hashlib.sha256(FORGED_REST.encode()).hexdigest()).encode(), "it is not in canonical form"),
    (b"[]", "it is not a record with a number"),
    (canonical(hashed({"prev": "0" * 64, "seq": "1"})).encode(), "it is not a record with a number"),
    (b'{"seq":1}', "its content does not match its hash"),
    (LINE.replace("a/b", "a/c").encode(), "its content does not match its hash"),
]


@pytest.mark.parametrize(("line", "what"), DAMAGED, ids=range(len(DAMAGED)))
def test_what_is_wrong_is_named(line: bytes, what: str) -> None:
    """A line that is not as it was written is refused in words that say in what way."""
    with pytest.raises(ValueError, match=what):
        read(line)


@pytest.mark.parametrize(
    ("text", "tidied"),
    [("\udc80", "\ufffd\ufffd\ufffd"), ("a\0b", "a\ufffdb"), ("\x1b[2J\n", "\x1b[2J\n"), ("é😀", "é😀")],
)
def test_text_that_some_reader_cannot_hold_is_replaced(text: str, tidied: str) -> None:
    """Only halves of a character and NUL are replaced, in keys and in values, however deep."""
    assert {tidied: [tidied, {"a": tidied}]} == tidy({text: (text, {"a": text})})
