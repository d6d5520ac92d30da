"""Whether a journal is as it was written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import journals
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.record import GENESIS, canonical
from onbox.audit.verify import Problem, verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable
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
    assert (6, HEADS[-1], "missing", ()) == (found.records, found.head, found.tip, found.unfinished)


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
    assert not found.accident
    assert at + 1 == found.line


DAMAGES: list[tuple[str, Callable[[list[bytes]], list[bytes]], int, str]] = [
    ("changed", lambda lines: [lines[0].replace(b"run-0", b"run-9"), *lines[1:]], 1, "does not match its hash"),
    ("removed", lambda lines: [*lines[:2], *lines[3:]], 3, "it holds record 4, where record 3 must stand"),
    ("headless", lambda lines: lines[1:], 1, "it holds record 2, where record 1 must stand"),
    ("repeated", lambda lines: [lines[0], *lines], 2, "it holds record 1, where record 2 must stand"),
    ("empty line", lambda lines: [*lines[:3], b"\n", *lines[3:]], 4, "it is not a record in JSON"),
    (
        "rewritten",
        lambda lines: [lines[0], *journals.chained([{}] * 2)[1:]],
        2,
        "does not follow",
    ),
    ("line ends", lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], 1, "not in canonical form"),
    ("two chains", lambda lines: [*lines, *journals.chained([{}])], 7, "it holds record 1, where record 7 must stand"),
    ("endless", lambda lines: [*lines[:1], b"x" * (17 * 2**20), b"\n"], 2, "it is longer than any record"),
]


@pytest.mark.parametrize(("damage", "line", "what"), [row[1:] for row in DAMAGES], ids=[row[0] for row in DAMAGES])
def test_first_bad_line_is_named(
    damage: Callable[[list[bytes]], list[bytes]], line: int, what: str, path: Path
) -> None:
    """The number of the first bad line is given, and what is wrong with it, and what is sound before it."""
    found = problem(path, damage(LINES))

    assert found is not None
    assert (line, False) == (found.line, found.accident)
    assert what in found.what
    assert line - 1 == verify(path).records


@pytest.mark.parametrize("kept", [1, 20, len(LINES[-1]) - 1])
def test_torn_last_line_is_an_accident(kept: int, path: Path) -> None:
    """A last line that was never finished is told apart from tampering, with a tip file that agrees and without."""
    expected = Problem(6, "it was never finished, which a loss of power explains", accident=True)

    assert expected == problem(path, [*LINES[:5], LINES[5][:kept]])
    journals.put_tip(path.parent, 5, HEADS[4])
    assert expected == verify(path).problem


def test_torn_record_that_was_whole_is_no_accident(path: Path) -> None:
    """A record that the tip file knows was whole once: whoever tore it cut off the end."""
    journals.put_tip(path.parent, 6, HEADS[5])

    assert Problem(6, "record 6 is missing at the end; tip.json knows of record 6") == problem(
        path, [*LINES[:5], LINES[5][:20]]
    )


TIPS = [
    (6, HEADS[5], 6, None),
    (4, HEADS[3], 6, None),
    (0, GENESIS, 6, None),
    (6, HEADS[5], 5, Problem(6, "record 6 is missing at the end; tip.json knows of record 6")),
    (6, HEADS[5], 3, Problem(4, "records 4 to 6 are missing at the end; tip.json knows of record 6")),
    (6, HEADS[5], 0, Problem(1, "records 1 to 6 are missing at the end; tip.json knows of record 6")),
    (4, HEADS[2], 6, Problem(4, "record 4 is not the one that tip.json knows")),
]


@pytest.mark.parametrize(("seq", "head", "lines", "expected"), TIPS)
def test_tip_file_beside_the_journal_is_compared(
    seq: int, head: str, lines: int, expected: Problem | None, path: Path
) -> None:
    """A tip file that names a record which is not there, or another, shows a cut-off or rewritten end."""
    journals.put_tip(path.parent, seq, head)

    assert expected == problem(path, LINES[:lines])
    assert ("behind" if seq < verify(path).records else "agrees") == verify(path).tip


def test_tip_file_that_is_none_is_a_problem(path: Path) -> None:
    """A tip file that onbox did not write stops the next run, so it is named."""
    (path.parent / "tip.json").write_bytes(b"{}")

    assert Problem(None, "tip.json is not what onbox writes") == problem(path, LINES)
    assert "unreadable" == verify(path).tip


def test_removed_journal_shows(path: Path) -> None:
    """A journal that is gone is damage when its tip file is there, or when it is known that there was one."""
    with pytest.raises(OnboxError) as caught:
        verify(path)
    assert ("journal-unreadable", "No such file or directory") == (caught.value.code, caught.value.facts["detail"])

    assert Problem(None, "the journal is gone") == verify(path, expected=True).problem
    journals.put_tip(path.parent, 6, HEADS[5])
    assert Problem(None, "the journal is gone") == verify(path).problem


def test_only_a_file_is_read(path: Path) -> None:
    """What is no file is no journal, and nobody waits for the other side of a pipe."""
    os.mkfifo(path)

    with pytest.raises(OnboxError, match="it is not a regular file"):
        verify(path)


@pytest.mark.parametrize(("head", "at"), [(GENESIS, 0), (HEADS[0], 1), (HEADS[3].upper(), 4), (HEADS[5], 6)])
def test_head_that_was_noted_is_found(head: str, at: int, path: Path) -> None:
    """A journal that has grown since its head was noted still has that record."""
    path.write_bytes(b"".join(LINES))

    found = verify(path, head)

    assert (at, None) == (found.head_at, found.problem)


@pytest.mark.parametrize("head", ["f" * 64, HEADS[5]])
def test_head_that_is_not_there_is_damage(head: str, path: Path) -> None:
    """A journal without the record whose hash was noted elsewhere was cut off or rewritten, torn end or not."""
    path.write_bytes(b"".join(LINES[:5]) + b"{")

    found = verify(path, head)

    assert (None, None) == (found.head_at, found.problem and found.problem.line)
    assert "no record has the hash that was asked for" in str(found.problem)


def test_head_must_be_a_hash(path: Path) -> None:
    """What can't be a hash is wrong usage, not damage."""
    with pytest.raises(OnboxError, match="head-unusable"):
        verify(path, "abc")


def test_runs_without_an_end_are_named(path: Path) -> None:
    """An attempt without a result is named, unless a later run wrote it off or somebody resolved it."""
    told = [
        ("resync.attempt", "done"),
        ("resync.result", "done"),
        ("resync.attempt", "lost"),
        ("run.abandoned", "lost"),
        ("resync.attempt", "looked into"),
        ("run.resolved", "looked into"),
        ("resync.attempt", "open"),
        ("resync.refused", "another"),
    ]

    assert problem(path, journals.chained({"event": event, "run": run} for event, run in told)) is None
    assert ["open"] == [record["run"] for record in verify(path).unfinished]


def test_reader_takes_no_lock_and_writes_nothing(tmp_path: Path) -> None:
    """A journal is read while a run holds it, in a folder that can't be written."""
    journals.one_run(tmp_path / "audit")
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "audit").iterdir())
    (tmp_path / "audit").chmod(0o500)
    holder = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    command = [sys.executable, "-c", holder, str(tmp_path / "audit" / "audit.jsonl")]

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        started = time.monotonic()
        assert verify(tmp_path / "audit" / "audit.jsonl").problem is None
        assert time.monotonic() - started < 5
        process.communicate(b"\n")

    assert before == sorted((path.name, path.stat().st_mtime_ns) for path in (tmp_path / "audit").iterdir())


WRITER = """
import sys, pathlib, journals
for number in range(150):
    journals.write(pathlib.Path(sys.argv[1]), ("resync.refused", "refused"), run=str(number))
"""


def test_writer_at_work_is_no_problem(tmp_path: Path) -> None:
    """However often a journal is read while records are added, it is sound."""
    folder = tmp_path / "audit"
    journals.one_run(folder)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], env=environment) as writer:
        found = []
        while writer.poll() is None:
            found.append(verify(folder / "audit.jsonl"))

    assert {None} == {verification.problem for verification in found}
    assert found[0].records < found[-1].records
    assert 153 == verify(folder / "audit.jsonl").records


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


MEASURE = """
import pathlib, resource, sys
from onbox.audit.verify import verify
assert verify(pathlib.Path(sys.argv[1])).problem is None
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_journal(path: Path) -> None:
    """A journal a hundred times as long takes no more memory."""

    def kilobytes(records: int) -> int:
        path.write_bytes(b"".join(journals.chained(events(records))))
        command = [sys.executable, "-c", MEASURE, str(path)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    assert kilobytes(20_000) < kilobytes(200) + 2048
