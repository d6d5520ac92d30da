"""A damaged journal takes no record; one after a power loss does, once the incomplete record is out of the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import journals
import logs
import pytest
from journals import content, limited, opened

from onbox.audit.journal import BALLAST_BYTES
from onbox.audit.verify import verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def add(folder: Path) -> None:
    """Add a record."""
    journals.write(folder, ("resync.refused", "refused"))


def test_record_counts_though_the_head_file_stays_behind(folder: Path) -> None:
    """A record that is on the disk counts; a head file that can't be replaced is a warning until it can."""
    journals.one_run(folder)
    (folder / "tip.json.new").mkdir()
    for _ in range(2):
        with opened(folder) as journal:
            journals.log(journal).info("resync.refused", outcome="refused", code="c")
            assert ["tip.json is behind" in warning for warning in journal.warnings] == [True]
    (folder / "tip.json.new").rmdir()
    with opened(folder) as journal:
        with journal.chain() as (head, _):
            assert 5 == head.seq
        assert journal.warnings
        journals.log(journal).info("resync.refused", outcome="refused", code="c")
        assert () == journal.warnings
    assert ("agrees", None) == (verify(folder / "audit.jsonl").tip, verify(folder / "audit.jsonl").problem)


def other_record(path: Path) -> None:
    """Put another record, rightly chained, in place of the last one."""
    path.write_bytes(logs.lines(logs.chain("other", 3)))


# Each damages the end of a journal with three records, or its head file.
DAMAGES = [
    (
        lambda path: path.write_bytes(path.read_bytes().replace(b"success", b"failure")),
        r"its last complete line is no record \(its content does not match its hash\)",
    ),
    (other_record, "record 3 is not the one that tip.json names"),
    (lambda path: os.truncate(path, path.stat().st_size - 10), "it ends with record 2, but tip.json names record 3"),
    (lambda path: path.with_name("tip.json").write_bytes(b"{}"), "it is not what onbox writes"),
    (lambda path: path.with_name("tip.json").chmod(0o666), "others may write it"),
]


@pytest.mark.parametrize(("damage", "detail"), DAMAGES)
def test_nothing_is_added_to_a_damaged_journal(damage: Callable[[Path], None], detail: str, folder: Path) -> None:
    """A journal whose end is not the one that was written stops the run and stays as it is."""
    journals.one_run(folder)
    damage(folder / "audit.jsonl")
    before = content(folder)

    with opened(folder) as journal:
        for action in (lambda: add(folder), journal.move_incomplete_record):
            with pytest.raises(OnboxError, match=detail):
                action()

    assert before == content(folder)
    assert [] == list(folder.glob("torn-*"))


def replace(folder: Path) -> None:
    """Put another file in the place of the journal."""
    (folder / "audit.jsonl").rename(folder / "audit.jsonl.1")
    (folder / "audit.jsonl").touch(0o600)


@pytest.mark.parametrize(
    "move",
    [
        lambda folder: folder.rename(folder.with_name("moved")),
        lambda folder: (folder / "audit.jsonl").unlink(),
        replace,
    ],
)
def test_journal_that_was_taken_away_is_not_written(move: Callable[[Path], object], folder: Path) -> None:
    """A record is not written where no reader would look for it."""
    with opened(folder) as journal:
        move(folder)

        with pytest.raises(OnboxError, match="journal-damaged"):
            journals.log(journal).info("resync.attempt", outcome="unknown", code="c")


INCOMPLETE = b'{"actor":{"admin":"oca\0\0\0'


@pytest.mark.parametrize("records", [0, 1])
def test_incomplete_record_is_moved_aside(records: int, folder: Path) -> None:
    """The bytes of an incomplete record go into a file of their own, and the chain goes on."""
    for _ in range(records):
        add(folder)
    before = content(folder) if records else b""
    (folder / "audit.jsonl").write_bytes(before + INCOMPLETE)
    (folder / "audit.jsonl").chmod(0o600)

    with pytest.raises(OnboxError, match="its last record is incomplete"):
        add(folder)
    with opened(folder) as journal:
        with pytest.raises(OnboxError, match=r"journal-write.*File too large"):
            limited(len(INCOMPLETE) - 1, journal.move_incomplete_record)
        assert before + INCOMPLETE == content(folder)
        name = journal.move_incomplete_record()
        assert "" == journal.move_incomplete_record()

    assert [folder / name] == list(folder.glob("torn-*"))
    assert (INCOMPLETE, 0o600) == ((folder / name).read_bytes(), (folder / name).stat().st_mode & 0o777)
    add(folder)
    assert content(folder).startswith(before)
    assert verify(folder / "audit.jsonl").problem is None


def test_room_is_tried_for_real(folder: Path) -> None:
    """The ballast takes real room, and a run that finds no room for its records beside it is refused."""
    with opened(folder) as journal:
        journal.reserve()
        assert BALLAST_BYTES == (folder / "ballast").stat().st_size <= 512 * (folder / "ballast").stat().st_blocks
        with pytest.raises(OnboxError, match=r"journal-write.*File too large"):
            limited(1024, journal.reserve)
        journal.release()

    assert {"audit.jsonl", "run.lock", "journal.lock"} == {path.name for path in folder.iterdir()}
