"""Whether a journal is as it was written."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING

import logs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.journal import Head
from onbox.audit.record import GENESIS, canonical, sealed
from onbox.audit.verify import verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = logs.chain("run", 6)
HEADS = [record["hash"] for record in RECORDS]
WHOLE = logs.lines(RECORDS)
LINES = WHOLE.splitlines(keepends=True)
OTHER = logs.lines(logs.chain("other", 2)).splitlines(keepends=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a journal is put."""
    return tmp_path / "audit.jsonl"


def problem(path: Path, content: bytes) -> tuple[int | None, str] | None:
    """Return the line and code of what verify finds in a journal with this *content*."""
    path.write_bytes(content)
    found = verify(path).problem
    return (found.line, found.code) if found else None


@given(st.data())
def test_any_single_damage_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any changed, removed, repeated, swapped or inserted line is found where it stands."""
    kind = data.draw(st.sampled_from(["change", "remove", "repeat", "swap", "insert"]))
    lines, at = list(LINES), data.draw(st.integers(0, len(LINES) - 2))
    other = data.draw(st.integers(0, len(LINES) - 1).filter(lambda other: other != at))
    if kind == "change":
        line, place = lines[at], data.draw(st.integers(0, len(lines[at]) - 2))
        lines[at] = line[:place] + bytes([line[place] ^ data.draw(st.integers(1, 255))]) + line[place + 1 :]
    elif kind == "remove":
        del lines[at]
    elif kind == "repeat":
        lines.insert(at + 1, lines[at])
        at += 1
    elif kind == "swap":
        lines[at], lines[other] = lines[other], lines[at]
        at = min(at, other)
    else:
        fields = json.loads(lines[other])
        forged = sealed(fields | {"message": "forged"}, seq=at + 1, prev=HEADS[at - 1] if at else GENESIS)
        lines.insert(at, canonical(forged).encode() + b"\n")
        at += 1

    found = problem(tmp_path_factory.mktemp("damaged") / "audit.jsonl", b"".join(lines))

    assert found in [(at + 1, "record-damaged"), (at + 1, "record-misplaced")]


def resealed(line: bytes) -> bytes:
    """Return *line* with spaces in it, and with a hash of what stands there then."""
    fields = {name: value for name, value in json.loads(line).items() if name != "hash"}
    before, name, behind = json.dumps(fields, sort_keys=True, separators=(", ", ":")).partition('"message"')
    digest = hashlib.sha256(f"{before}{name}{behind}".encode()).hexdigest()
    return f'{before}"hash":"{digest}",{name}{behind}\n'.encode()


# The content of the journal, the first bad line, and the code.
DAMAGES: dict[str, tuple[bytes, int, str]] = {
    "empty line": (b"".join([*LINES[:3], b"\n", *LINES[3:]]), 4, "record-damaged"),
    "reformatted": (LINES[0] + LINES[1].replace(b",", b", ") + LINES[2], 2, "record-damaged"),
    "reformatted and hashed": (LINES[0] + resealed(LINES[1]) + LINES[2], 2, "record-damaged"),
    "one CR": (LINES[0] + LINES[1][:-1] + b"\r\n" + LINES[2], 2, "record-damaged"),
    "changed in text mode": (WHOLE.replace(b"\n", b"\r\n").replace(b"run-3", b"run-9"), 3, "record-damaged"),
    "rewritten from line 2 on": (LINES[0] + OTHER[1], 2, "record-misplaced"),
    "two chains": (WHOLE + OTHER[0], 7, "record-misplaced"),
    "endless": (LINES[0] + b"x" * 2**24 + b"\n", 2, "record-damaged"),
    "too deep": (LINES[0] + b"[" * 100_000 + b"\n", 2, "record-damaged"),
    "incomplete": (WHOLE[:-1], 6, "record-torn"),
    "incomplete after one byte": (WHOLE + b"{", 7, "record-torn"),
}


@pytest.mark.parametrize(("content", "line", "code"), DAMAGES.values(), ids=DAMAGES)
def test_first_bad_line_is_named(content: bytes, line: int, code: str, path: Path) -> None:
    """The number of the first bad line is given, and what is intact before it."""
    assert (line, code) == problem(path, content)
    assert line - 1 == len(verify(path).records)


CR_LF = WHOLE.replace(b"\n", b"\r\n")
TEXT_MODES = {
    "CR LF": (CR_LF, "CR LF"),
    "byte order mark": (codecs.BOM_UTF8 + WHOLE, "a byte order mark"),
    "both": (codecs.BOM_UTF8 + CR_LF, "a byte order mark and CR LF"),
    "UTF-16": (WHOLE.decode().encode("utf-16-le"), "UTF-16-LE"),
    "UTF-16, the other order": (WHOLE.decode().encode("utf-16-be"), "UTF-16-BE"),
    "tip.json alone": (WHOLE, "CR LF"),
    "PowerShell": (codecs.BOM_UTF16_LE + CR_LF.decode().encode("utf-16-le"), "UTF-16 and CR LF"),
}


@pytest.mark.parametrize(("content", "form"), TEXT_MODES.values(), ids=TEXT_MODES)
def test_copy_in_text_mode_is_told_from_damage(content: bytes, form: str, path: Path) -> None:
    """A folder whose files were all converted on the way has its chain, and is named as what it is."""
    path.with_name("tip.json").write_bytes(Head(6, HEADS[5]).text().replace(b"\n", b"\r\n"))

    assert problem(path, content) is None
    found = verify(path)
    assert (6, HEADS[5], "agrees", form) == (len(found.records), found.head, found.tip, found.form)


# The number and hash in tip.json, the content of the journal, and what is found.
TIPS = [
    (6, HEADS[5], WHOLE, "agrees", None),
    (4, HEADS[3], WHOLE, "behind", None),
    (0, GENESIS, b"", "agrees", None),
    (6, HEADS[5], b"".join(LINES[:5]), "agrees", (6, "records-missing")),
    (6, HEADS[5], b"".join(LINES[:3]), "agrees", (4, "records-missing")),
    (6, HEADS[5], WHOLE[:-9], "agrees", (6, "records-missing")),
    (5, HEADS[4], WHOLE[:-9], "agrees", (6, "record-torn")),
    (6, HEADS[5], b"", "agrees", (1, "records-missing")),
    (4, HEADS[2], WHOLE, "agrees", (4, "record-replaced")),
    (4, "x", WHOLE, "unreadable", None),
]


@pytest.mark.parametrize(("seq", "head", "content", "tip", "expected"), TIPS)
def test_tip_file_beside_the_journal_is_compared(
    seq: int, head: str, content: bytes, tip: str, expected: tuple[int | None, str] | None, path: Path
) -> None:
    """A tip.json that names a record which is not there, or another, shows a truncated or rewritten end."""
    path.with_name("tip.json").write_bytes(Head(seq, head).text())

    assert expected == problem(path, content)
    assert tip == verify(path).tip


def test_missing_journal_shows(path: Path) -> None:
    """A missing journal is damage if there is a tip.json, or if it is known that there was a journal."""
    with pytest.raises(OnboxError, match=r"journal-unreadable.*No such file or directory"):
        verify(path)

    assert "journal-missing" == getattr(verify(path, expected=True).problem, "code", "")
    path.with_name("tip.json").write_bytes(Head(6, HEADS[5]).text())
    assert "journal-missing" == getattr(verify(path).problem, "code", "")


def test_heads_that_were_noted_are_looked_for(path: Path) -> None:
    """A journal that has grown since still has the record; one that was truncated or rewritten doesn't."""
    path.write_bytes(b"".join(LINES[:5]) + b"{")
    heads = [GENESIS, HEADS[0], HEADS[3].upper(), HEADS[4], HEADS[5], "f" * 64]

    assert [0, 1, 4, 5, None, None] == list(verify(path, heads).heads.values())


@pytest.mark.parametrize(("rest", "records"), [(LINES[5][20:], 6), (None, 5)])
def test_line_that_is_being_written_is_waited_for(rest: bytes | None, records: int, path: Path) -> None:
    """A writer gets the time to finish its line, or to take it back when the disk is full."""
    path.write_bytes(b"".join(LINES[:5]) + LINES[5][:20])

    def finish() -> None:
        if rest is None:
            os.truncate(path, len(b"".join(LINES[:5])))
        else:
            with path.open("ab") as stream:
                stream.write(rest)

    timer = threading.Timer(0.1, finish)
    timer.start()
    found = verify(path)
    timer.join()

    assert (records, None) == (len(found.records), found.problem)
