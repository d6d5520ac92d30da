"""An intact journal: on a full disk, after damage, after an incomplete record, and with room for a result."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import journals
import pytest
from journals import content, limited, opened

from onbox.audit.journal import BALLAST_BYTES, Head
from onbox.audit.verify import verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_disk_full_at_any_byte_leaves_the_journal_whole(folder: Path) -> None:
    """A disk that is full at any byte refuses the record, leaves the journal as it was, and takes the next record."""
    journals.one_run(folder)
    before = content(folder)
    length = len(journals.write(folder.parent / "other", ("resync.refused", "refused"))[0]) + 1

    for room in range(length):
        with pytest.raises(OnboxError, match="File too large"):
            limited(len(before) + room, lambda: journals.write(folder, ("resync.refused", "refused")))
        assert before == content(folder)

    journals.write(folder, ("resync.refused", "refused"))
    assert (4, None) == (verify(folder / "audit.jsonl").records, verify(folder / "audit.jsonl").problem)


def test_record_counts_though_the_head_file_stays_behind(folder: Path) -> None:
    """A record that is on the disk counts; a head file that can't be replaced is a warning until it can."""
    journals.one_run(folder)
    (folder / "tip.json.new").mkdir()

    with opened(folder) as journal:
        journals.log(journal).info("resync.refused", outcome="refused", code="c")
        [warning] = journal.warnings
    with opened(folder) as journal, journal.chain():
        [later] = journal.warnings

    assert "tip.json is behind the audit journal (Is a directory)" in warning
    assert "it names record 3 of 4" in later
    assert ("behind", None) == (verify(folder / "audit.jsonl").tip, verify(folder / "audit.jsonl").problem)

    (folder / "tip.json.new").rmdir()
    with opened(folder) as journal:
        journals.log(journal).info("resync.refused", outcome="refused", code="c")
        assert () == journal.warnings
    assert ("agrees", None) == (verify(folder / "audit.jsonl").tip, verify(folder / "audit.jsonl").problem)


def remove(folder: Path, _: list[str]) -> None:
    """Remove the journal."""
    (folder / "audit.jsonl").unlink()


def empty(folder: Path, _: list[str]) -> None:
    """Empty the journal."""
    (folder / "audit.jsonl").write_bytes(b"")


def cut_off(folder: Path, lines: list[str]) -> None:
    """Cut off the last record."""
    (folder / "audit.jsonl").write_text("".join(line + "\n" for line in lines[:-1]))


def change(folder: Path, lines: list[str]) -> None:
    """Change the last record."""
    (folder / "audit.jsonl").write_text("".join(line + "\n" for line in lines).replace("success", "failure"))


def other_record(folder: Path, lines: list[str]) -> None:
    """Put another record, rightly chained, in place of the last one."""
    prev = json.loads(lines[1])["hash"]
    last = journals.sealed({"event": "resync.result", "outcome": "failure"}, 3, prev)
    text = "".join(line + "\n" for line in lines[:-1]) + json.dumps(last, separators=(",", ":"), sort_keys=True) + "\n"
    (folder / "audit.jsonl").write_text(text)


def tear(folder: Path, lines: list[str]) -> None:
    """Tear the last record, which was whole once."""
    (folder / "audit.jsonl").write_text("".join(line + "\n" for line in lines)[:-10])


def garble_head(folder: Path, _: list[str]) -> None:
    """Write something else into the head file."""
    (folder / "tip.json").write_bytes(b"{}")


DAMAGES = [
    (remove, "it ends with record 0, but tip.json names record 3"),
    (empty, "it ends with record 0, but tip.json names record 3"),
    (cut_off, "it ends with record 2, but tip.json names record 3"),
    (change, "its last complete line is no record (its content does not match its hash)"),
    (other_record, "record 3 is not the one that tip.json names"),
    (tear, "it ends with record 2, but tip.json names record 3"),
    (garble_head, "it is not what onbox writes"),
]


@pytest.mark.parametrize(("damage", "detail"), DAMAGES)
def test_nothing_is_added_to_a_damaged_journal(
    damage: Callable[[Path, list[str]], None], detail: str, folder: Path
) -> None:
    """A journal whose end is not the one that was written stops the run and stays as it is."""
    damage(folder, journals.one_run(folder))

    with opened(folder) as journal:
        before = content(folder)
        with pytest.raises(OnboxError, match="damaged") as caught:
            journals.log(journal).info("resync.refused", outcome="refused")
        with pytest.raises(OnboxError, match="damaged"):
            journal.move_incomplete_record()

    assert detail in str(caught.value)
    assert before == content(folder)
    assert [] == list(folder.glob("torn-*"))


def test_head_file_that_others_may_write_is_refused(folder: Path) -> None:
    """A head file that others may write says nothing about the journal."""
    journals.one_run(folder)
    (folder / "tip.json").chmod(0o666)

    with pytest.raises(OnboxError, match=r"journal-file .*tip.json .*others may write it"):
        journals.one_run(folder)


def replace(folder: Path) -> None:
    """Put another file in the place of the journal."""
    (folder / "audit.jsonl").rename(folder / "audit.jsonl.1")
    (folder / "audit.jsonl").touch(0o600)


@pytest.mark.parametrize(
    "move", [lambda folder: folder.rename(folder.with_name("moved")), lambda folder: remove(folder, []), replace]
)
def test_journal_that_was_taken_away_is_not_written(move: Callable[[Path], object], folder: Path) -> None:
    """A record is not written where no reader would look for it."""
    with opened(folder) as journal:
        journals.log(journal).info("admin.verified", outcome="success", code="c")
        move(folder)

        with pytest.raises(OnboxError, match="journal-damaged"):
            journals.log(journal).info("resync.attempt", outcome="unknown", code="c")


INCOMPLETE = b'{"actor":{"admin":"oca\0\0\0'


def break_off(folder: Path) -> None:
    """Leave an incomplete record at the end of the journal."""
    with (folder / "audit.jsonl").open("ab") as stream:
        stream.write(INCOMPLETE)


def test_incomplete_record_is_moved_aside(folder: Path) -> None:
    """The bytes of an incomplete record go into a file of their own, and the chain goes on."""
    lines = journals.one_run(folder)
    break_off(folder)

    with opened(folder) as journal:
        name = journal.move_incomplete_record()
        again = journal.move_incomplete_record()
        journals.log(journal).info("journal.repaired", outcome="success", code="c")

    assert "" == again
    assert name.startswith("torn-")
    assert INCOMPLETE == (folder / name).read_bytes()
    assert 0o600 == stat.S_IMODE((folder / name).stat().st_mode)
    assert (4, None) == (verify(folder / "audit.jsonl").records, verify(folder / "audit.jsonl").problem)
    assert content(folder).startswith("".join(line + "\n" for line in lines).encode())


def test_incomplete_first_record_is_moved_aside(folder: Path) -> None:
    """A journal that holds nothing but an incomplete record begins anew."""
    break_off(folder)

    with opened(folder) as journal:
        assert journal.move_incomplete_record()
        with journal.chain() as head:
            assert Head() == head


def test_incomplete_record_stays_if_its_bytes_cannot_be_kept(folder: Path) -> None:
    """Without room for its bytes elsewhere, an incomplete record is not taken away."""
    journals.one_run(folder)
    break_off(folder)
    before = content(folder)

    with opened(folder) as journal, pytest.raises(OnboxError, match="journal-write"):
        limited(len(INCOMPLETE) - 1, journal.move_incomplete_record)

    assert before == content(folder)
    assert [] == list(folder.glob("torn-*"))


def test_room_is_kept_and_given_up(folder: Path) -> None:
    """The ballast takes real room, is made once, and can be given up at any time."""
    with opened(folder) as journal:
        journal.reserve()
        first = (folder / "ballast").stat()
        journal.reserve()
        second = (folder / "ballast").stat()
        journal.release()
        journal.release()

    assert BALLAST_BYTES == first.st_size
    assert BALLAST_BYTES <= 512 * first.st_blocks
    assert first.st_ino == second.st_ino
    assert not (folder / "ballast").exists()
    assert not (folder / "trial").exists()


@pytest.mark.parametrize("name", ["trial", "trial.new"])
def test_folder_that_takes_no_records_is_refused(name: str, folder: Path) -> None:
    """The room for the records of a run is tried for real."""
    (folder / name).mkdir()

    with opened(folder) as journal, pytest.raises(OnboxError, match=r"journal-write .*Is a directory"):
        journal.reserve()


def test_run_without_room_is_refused(folder: Path) -> None:
    """Without room for the ballast there would be none for the result."""
    with opened(folder) as journal, pytest.raises(OnboxError, match=r"journal-write .*ballast .*File too large"):
        limited(BALLAST_BYTES - 1, journal.reserve)

    assert [] == list(folder.glob("ballast*"))
