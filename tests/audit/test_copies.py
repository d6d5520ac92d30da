"""The journal beside the copies that syslog took off the machine."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO

import journals
import pytest
from collector import running

from onbox.audit import copies
from onbox.audit.copies import Comparison, compare, spans
from onbox.audit.journal import Journal
from onbox.audit.syslog import message
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIELDS = [
    {
        "event": "resync.result",
        "outcome": "success",
        "run": f"run-{number}",
        "host": {"name": "am1", "machine_id": "0123"},
        "message": "é",
        "process": {"seconds": 0.125},
        "evidence": ["x" * 9000] if number == 2 else [],  # too long for a copy
        "transcript": [],
        "warnings": [],
        "note": "@cee:",
    }
    for number in range(6)
]
LINES = journals.chained(FIELDS)


def copy(line: bytes) -> bytes:
    """Return a line of a log as rsyslog writes it by default."""
    return b"2026-11-24T12:00:00.000000+00:00 am1 " + message(line[:-1].decode()).partition(b">")[2][16:] + b"\n"


def parsed(line: bytes) -> bytes:
    """Return a line of a log as mmjsonparse makes it."""
    record = json.loads(message(line[:-1].decode()).partition(b"@cee: ")[2])
    return json.dumps(record, ensure_ascii=False).replace("/", "\\/").encode() + b"\n"


@pytest.fixture
def compared(tmp_path: Path) -> Callable[..., Comparison]:
    """Return what compares the lines of a journal with the lines of a log."""

    def compared(journal: list[bytes], log: list[bytes]) -> Comparison:
        (tmp_path / "audit.jsonl").write_bytes(b"".join(journal))
        (tmp_path / "log").write_bytes(b"".join(log))
        return compare(tmp_path / "audit.jsonl", tmp_path / "log")

    return compared


@pytest.mark.parametrize("form", [copy, parsed])
def test_copies_agree_with_a_journal_as_it_was_written(
    form: Callable[[bytes], bytes], compared: Callable[..., Comparison]
) -> None:
    """Copies in either form agree, also one that left fields out, and one that came twice."""
    found = compared(LINES, [*map(form, LINES), form(LINES[0])])

    assert Comparison(compared=6) == found
    assert "" == found.problem


def rewritten(at: int, **fields: Any) -> list[bytes]:
    """Return the lines of a journal in which one record is another and all hashes were made anew."""
    return journals.chained(record | (fields if number == at else {}) for number, record in enumerate(FIELDS))


DAMAGES: list[tuple[str, list[bytes], dict[str, list[int]], str]] = [
    ("cut off", LINES[:4], {"lost": [5, 6]}, "lost: record 5-6"),
    ("emptied", [], {"lost": [1, 2, 3, 4, 5, 6]}, "lost: record 1-6"),
    ("removed", [*LINES[:1], *LINES[2:]], {"lost": [2]}, "lost: record 2"),
    ("garbled", [*LINES[:1], b"\xff\n", *LINES[2:]], {"lost": [2]}, "lost: record 2"),
    ("changed", [*LINES[:1], LINES[1].replace(b"run-1", b"run-9"), *LINES[2:]], {"changed": [2]}, "changed: record 2"),
    (
        "rewritten",
        rewritten(1, run="run-9"),
        {"changed": [2], "rehashed": [3, 4, 5, 6]},
        "changed: record 2; hashed anew: record 3-6",
    ),
    ("left out in the copy", rewritten(2, evidence=["y"]), {"rehashed": [3, 4, 5, 6]}, "hashed anew: record 3-6"),
    (
        "renumbered",
        journals.chained([FIELDS[0], *FIELDS[2:]]),
        {"lost": [6], "changed": [2, 3, 4, 5]},
        "lost: record 6; changed: record 2-5",
    ),
]


@pytest.mark.parametrize(("journal", "found", "problem"), [row[1:] for row in DAMAGES], ids=[row[0] for row in DAMAGES])
def test_records_that_the_journal_lost_or_changed_are_named(
    journal: list[bytes], found: dict[str, list[int]], problem: str, compared: Callable[..., Comparison]
) -> None:
    """Each record that is not what its copy says is named, also when the chain was made anew."""
    comparison = compared(journal, [copy(line) for line in LINES])

    assert problem == comparison.problem
    assert Comparison(compared=6, **found) == comparison  # type: ignore[arg-type]


def test_removed_journal_has_lost_all(tmp_path: Path) -> None:
    """Of a journal that is gone, the copies still tell what it held."""
    (tmp_path / "log").write_bytes(b"".join(map(copy, LINES)))

    assert "lost: record 1-6" == compare(tmp_path / "audit.jsonl", tmp_path / "log").problem


def test_what_is_in_a_log_besides(compared: Callable[..., Comparison]) -> None:
    """Other programs, other hosts and cut copies neither hide nor invent a loss."""
    other = journals.chained([FIELDS[0] | {"host": {"name": "am2", "machine_id": "4567"}}])
    unrecorded = {**json.loads(LINES[0]), "seq": None, "prev": None, "run": "run-7"}
    log = [
        copy(LINES[1]),
        b"Nov 24 12:00:00 am1 sshd[1]: Accepted password\n",
        b'Nov 24 12:00:00 am1 other[1]: @cee: {"msg": "x"}\n',
        b'{"seq": 1, "event": "x", "hash": "y"}\n'.replace(b"1", b"true"),
        copy(LINES[3])[:200] + b"\n",
        parsed(other[0]),
        parsed(json.dumps(unrecorded, sort_keys=True).encode() + b"\n"),
        b"[" * 100_000 + b"\n",
        b"\xff\n",
    ]

    found = compared(LINES, log)

    assert Comparison(compared=1, without_copy=[1, 3, 4, 5, 6], unrecorded=["run-7"], others=1, unreadable=1) == found
    assert "" == found.problem


def test_copy_of_a_record_written_meanwhile_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives in the log while the journal is read is not taken for lost."""
    (tmp_path / "audit.jsonl").write_bytes(b"".join(LINES[:5]))
    (tmp_path / "log").write_bytes(b"".join(map(copy, LINES[:5])))

    class SlowIndex(copies._Index):
        def __init__(self, stream: BinaryIO) -> None:
            with (tmp_path / "log").open("ab") as log:
                log.write(copy(LINES[5]))
            super().__init__(stream)

    monkeypatch.setattr(copies, "_Index", SlowIndex)

    assert Comparison(compared=5) == compare(tmp_path / "audit.jsonl", tmp_path / "log")


@pytest.mark.parametrize("log", [b"", b"nothing\n", copy(LINES[0])[:100]], ids=["empty", "other", "cut"])
def test_log_without_a_copy_proves_nothing(log: bytes, compared: Callable[..., Comparison]) -> None:
    """A file without a copy of this journal is wrong usage, not agreement."""
    with pytest.raises(OnboxError, match="copies-missing"):
        compared(LINES, [log])


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A log or journal that can't be read stops the comparison."""
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(OnboxError, match=r"copies-unreadable .*log detail=No such file or directory"):
        compare(tmp_path / "audit.jsonl", tmp_path / "log")
    (tmp_path / "log").touch()
    with pytest.raises(OnboxError, match=r"copies-unreadable .*audit.jsonl detail=it is not a regular file"):
        compare(tmp_path / "audit.jsonl", tmp_path / "log")


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([5], "5"), ([1, 2, 3], "1-3"), ([1, 3, 4, 9], "1, 3-4, 9"), ([1, 2], "1-2")]
)
def test_numbers_are_written_short(numbers: list[int], text: str) -> None:
    """Neighbours are written as the first and the last of them."""
    assert text == spans(numbers)


@pytest.mark.program("rsyslogd")
@pytest.mark.parametrize("log", ["plain", "json"])
def test_what_rsyslog_wrote_is_understood(log: str, tmp_path: Path) -> None:
    """The files of a real rsyslogd agree with the journal, and show a record that it lost and one it changed."""
    folder = tmp_path / "audit"
    with running(tmp_path / "rsyslog") as collector, closing(Journal(folder, journals.uid())) as journal:
        writes = journals.log(journal, syslog=collector.socket)
        for number in range(5):
            writes.info(
                "resync.result", outcome="success", note=f"é/{number}", process={"seconds": 0.1}, evidence=["x" * 5000]
            )
        writes.info("resync.result", outcome="success", evidence=["x" * 9000])
        collector.records(6)

    assert Comparison(compared=6) == compare(folder / "audit.jsonl", collector.folder / log)
    lines = (folder / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "audit.jsonl").write_bytes(b"".join([*lines[:1], lines[1].replace(b"/1", b"/7"), *lines[3:]]))
    assert "lost: record 3; changed: record 2" == compare(folder / "audit.jsonl", collector.folder / log).problem
