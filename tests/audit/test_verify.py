"""Whether a journal is as it was written."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import journals
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit import reader
from onbox.audit.journal import Head
from onbox.audit.record import GENESIS, canonical
from onbox.audit.verify import Problem, verify
from onbox.errors import OnboxError
from onbox.screen.verification import as_json

if TYPE_CHECKING:
    from pathlib import Path


def events(count: int) -> list[dict[str, Any]]:
    """Return the fields of *count* records, all different."""
    return [{"event": "resync.refused", "run": f"run-{number}", "message": "é\n\0" * 3} for number in range(count)]


LINES = journals.chained(events(6))
HEADS = [json.loads(line)["hash"] for line in LINES]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a journal is put."""
    return tmp_path / "audit.jsonl"


def problem(path: Path, lines: list[bytes]) -> Problem | None:
    """Return what verify finds in a journal of *lines*."""
    path.write_bytes(b"".join(lines))
    return verify(path).problem


def test_sound_journal_is_told_apart(path: Path) -> None:
    """A journal as it was written has no problem, and its head is the hash of its last record."""
    assert problem(path, LINES) is None

    found = verify(path)
    assert (6, HEADS[-1], "missing", {}) == (found.records, found.head, found.tip, found.open_runs)


def test_empty_journal_is_sound(path: Path) -> None:
    """A journal without a record has the head that the first record names."""
    assert problem(path, []) is None
    assert (0, GENESIS) == (verify(path).records, verify(path).head)


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
        forged = journals.sealed(fields | {"message": "forged"}, at + 1, HEADS[at - 1] if at else GENESIS)
        lines.insert(at, canonical(forged).encode() + b"\n")
        at += 1

    found = problem(tmp_path_factory.mktemp("damaged") / "audit.jsonl", lines)

    assert found is not None
    assert "record-torn" != found.code
    assert at + 1 == found.line


def spaced(line: bytes) -> bytes:
    """Return *line* in another form with the same content."""
    return json.dumps(json.loads(line)).encode() + b"\n"


def resealed(line: bytes) -> bytes:
    """Return *line* with spaces in it, and with a hash of what stands there then."""
    fields = {name: value for name, value in json.loads(line).items() if name != "hash"}
    before, name, behind = json.dumps(fields, sort_keys=True, separators=(", ", ":")).partition('"message"')
    digest = hashlib.sha256(f"{before}{name}{behind}".encode()).hexdigest()
    return f'{before}"hash":"{digest}",{name}{behind}\n'.encode()


DAMAGES: dict[str, tuple[list[bytes], int, str]] = {
    "changed": ([LINES[0].replace(b"run-0", b"run-9"), *LINES[1:]], 1, "record-damaged"),
    "removed": ([*LINES[:2], *LINES[3:]], 3, "record-misplaced"),
    "headless": (LINES[1:], 1, "record-misplaced"),
    "repeated": ([LINES[0], *LINES], 2, "record-misplaced"),
    "empty line": ([*LINES[:3], b"\n", *LINES[3:]], 4, "record-damaged"),
    "rewritten": ([LINES[0], *journals.chained([{}] * 2)[1:]], 2, "record-misplaced"),
    "reformatted": ([*LINES[:2], spaced(LINES[2]), *LINES[3:]], 3, "record-damaged"),
    "reformatted and hashed": ([*LINES[:2], resealed(LINES[2]), *LINES[3:]], 3, "record-damaged"),
    "one line end": ([*LINES[:2], LINES[2][:-1] + b"\r\n", *LINES[3:]], 3, "record-damaged"),
    "first line end": ([LINES[0][:-1] + b"\r\n", *LINES[1:]], 1, "record-damaged"),
    "two chains": ([*LINES, *journals.chained([{}])], 7, "record-misplaced"),
    "endless": ([*LINES[:1], b"x" * 2**24, b"\n"], 2, "record-damaged"),
    "too deep": ([*LINES[:1], b"[" * 100_000 + b"\n"], 2, "record-damaged"),
}


@pytest.mark.parametrize(("lines", "line", "code"), DAMAGES.values(), ids=DAMAGES)
def test_first_bad_line_is_named(lines: list[bytes], line: int, code: str, path: Path) -> None:
    """The number of the first bad line is given, and what is intact before it."""
    found = problem(path, lines)

    assert found is not None
    assert (line, code) == (found.line, found.code)
    assert (line - 1, "") == (verify(path).records, verify(path).form)


CR_LF = b"".join(line[:-1] + b"\r\n" for line in LINES)
TEXT_MODES = {
    "CR LF": (CR_LF, "CR LF"),
    "byte order mark": (codecs.BOM_UTF8 + b"".join(LINES), "a byte order mark"),
    "both": (codecs.BOM_UTF8 + CR_LF, "a byte order mark and CR LF"),
    "UTF-16": (codecs.BOM_UTF16_LE + b"".join(LINES).decode().encode("utf-16-le"), "UTF-16"),
    "UTF-16, the other order": (codecs.BOM_UTF16_BE + b"".join(LINES).decode().encode("utf-16-be"), "UTF-16"),
    "UTF-16 without a mark": (b"".join(LINES).decode().encode("utf-16-le"), "UTF-16"),
    "PowerShell": (codecs.BOM_UTF16_LE + CR_LF.decode().encode("utf-16-le"), "UTF-16 and CR LF"),
}


@pytest.mark.parametrize(("content", "form"), TEXT_MODES.values(), ids=TEXT_MODES)
def test_copy_in_text_mode_is_told_from_damage(content: bytes, form: str, path: Path) -> None:
    """A journal whose lines were all converted on the way has its chain, and is named as what it is."""
    assert problem(path, [content]) is None
    assert (6, HEADS[-1], form) == (verify(path).records, verify(path).head, verify(path).form)


def test_head_file_in_text_mode_is_read(path: Path) -> None:
    """A folder that was copied in text mode as a whole is named so, and its end is still known."""
    path.with_name("tip.json").write_bytes(Head(6, HEADS[5]).text().replace(b"\n", b"\r\n"))

    assert problem(path, LINES) is None
    assert ("agrees", "CR LF") == (verify(path).tip, verify(path).form)
    assert "records-missing" == getattr(problem(path, [CR_LF[:-9]]), "code", "")


def test_damage_in_text_mode_is_found(path: Path) -> None:
    """A conversion hides no change."""
    found = problem(path, [CR_LF.replace(b"run-2", b"run-9")])

    assert found is not None
    assert (3, "record-damaged", "CR LF") == (found.line, found.code, verify(path).form)


def test_file_too_large_for_the_memory_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that would fill the memory is not read into it."""
    monkeypatch.setattr(reader, "_MOST_BYTES", 100)

    with pytest.raises(OnboxError, match=r"journal-unreadable .* larger than"):
        problem(path, LINES)


@pytest.mark.parametrize("kept", [1, 20, len(LINES[-1]) - 1])
def test_incomplete_last_line_has_a_code_of_its_own(kept: int, path: Path) -> None:
    """An incomplete last line is told from other damage, with a tip.json that agrees and without."""
    for _ in range(2):
        found = problem(path, [*LINES[:5], LINES[5][:kept]])

        assert found is not None
        assert (6, "record-torn") == (found.line, found.code)
        journals.put_tip(path.parent, 5, HEADS[4])


def test_incomplete_record_that_was_complete_is_missing(path: Path) -> None:
    """A record that tip.json names was complete once: somebody truncated the journal."""
    journals.put_tip(path.parent, 6, HEADS[5])
    found = problem(path, [*LINES[:5], LINES[5][:20]])

    assert found is not None
    assert (6, "records-missing") == (found.line, found.code)


TIPS = [
    (6, HEADS[5], 6, None),
    (4, HEADS[3], 6, None),
    (0, GENESIS, 6, None),
    (6, HEADS[5], 5, (6, "records-missing")),
    (6, HEADS[5], 3, (4, "records-missing")),
    (6, HEADS[5], 0, (1, "records-missing")),
    (4, HEADS[2], 6, (4, "record-replaced")),
]


@pytest.mark.parametrize(("seq", "head", "lines", "expected"), TIPS)
def test_tip_file_beside_the_journal_is_compared(
    seq: int, head: str, lines: int, expected: tuple[int, str] | None, path: Path
) -> None:
    """A tip.json that names a record which is not there, or another, shows a truncated or rewritten end."""
    journals.put_tip(path.parent, seq, head)
    found = problem(path, LINES[:lines])

    assert expected == (found and (found.line, found.code))
    assert ("behind" if seq < verify(path).records else "agrees") == verify(path).tip


def test_tip_file_that_is_none_is_a_problem(path: Path) -> None:
    """A tip.json that onbox did not write stops the next run, so it is named."""
    (path.parent / "tip.json").write_bytes(b"{}")
    found = problem(path, LINES)

    assert found is not None
    assert (None, "tip-unreadable", "unreadable") == (found.line, found.code, verify(path).tip)


def test_missing_journal_shows(path: Path) -> None:
    """A missing journal is damage if there is a tip.json, or if it is known that there was a journal."""
    with pytest.raises(OnboxError, match=r"journal-unreadable .*detail=No such file or directory"):
        verify(path)

    assert "journal-missing" == getattr(verify(path, expected=True).problem, "code", "")
    journals.put_tip(path.parent, 6, HEADS[5])
    assert "journal-missing" == getattr(verify(path).problem, "code", "")


def test_heads_that_were_noted_are_looked_for(path: Path) -> None:
    """A journal that has grown since still has the record; one that was truncated or rewritten doesn't."""
    path.write_bytes(b"".join(LINES[:5]) + b"{")
    heads = [GENESIS, HEADS[0], HEADS[3].upper(), HEADS[4], HEADS[5], "f" * 64]

    found = verify(path, heads)

    assert [0, 1, 4, 5, None, None] == list(found.heads.values())


def test_head_must_be_a_hash(path: Path) -> None:
    """A text that can't be a hash is wrong usage, not damage."""
    with pytest.raises(OnboxError, match="head-unusable"):
        verify(path, ["abc"])


def test_runs_without_an_end_are_named(path: Path) -> None:
    """An attempt without a result is named, unless a later run wrote it off or somebody resolved it."""
    told = [
        ("resync.attempt", "done", "unknown"),
        ("resync.result", "done", "success"),
        ("resync.attempt", "lost", "unknown"),
        ("run.abandoned", "lost", "unknown"),
        ("resync.attempt", "looked into", "unknown"),
        ("run.resolved", "looked into", "success"),
        ("resync.attempt", "open", "unknown"),
        ("resync.refused", "another", "refused"),
    ]
    records = [{"event": event, "run": run, "outcome": outcome} for event, run, outcome in told]

    assert problem(path, journals.chained(records)) is None
    assert ["lost", "open"] == list(verify(path).open_runs)
    assert ["open"] == [run["run"] for run in as_json(verify(path), None, [])["unfinished"]]


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

    assert (records, None) == (found.records, found.problem)
