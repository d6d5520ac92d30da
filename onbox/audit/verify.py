"""Whether a journal is as it was written: the chain of its records, its tip file, and the runs without an end.

It takes no lock and writes nothing, and reads one line at a time, beside a writer at work as well.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from onbox.audit import tip as tips
from onbox.audit.files import open_to_read
from onbox.audit.history import follow
from onbox.audit.record import GENESIS, Record, read
from onbox.audit.tip import Tip
from onbox.errors import OnboxError

# Longer than any record: two times 400 lines of 1000 characters, none of which takes more than 12 bytes.
_LONGEST = 16 * 1024 * 1024
_HASH = re.compile("[0-9a-f]{64}")
_WRITER_SECONDS, _POLL_SECONDS = 0.5, 0.01

TipState = Literal["agrees", "behind", "missing", "unreadable"]


@dataclass(frozen=True)
class Problem:
    """What is wrong, and in which line, if in one; an accident is what a loss of power leaves and a run repairs."""

    line: int | None
    what: str
    accident: bool = False


class _UnendedError(Exception):
    """The last line was never finished."""


@dataclass(frozen=True)
class Verification:
    """What a journal was found to be.

    `records` are sound, from the first line on, and `head` is the hash of the last of them.
    `head_at` is the number of the record that has the hash which was asked for (None: nothing was asked, or none has).
    `unfinished` are the attempts among them that have no result, and were neither abandoned nor resolved.
    """

    records: int
    head: str
    tip: TipState
    problem: Problem | None
    head_at: int | None = None
    unfinished: tuple[Record, ...] = ()


def verify(path: Path, head: str = "", *, expected: bool = False) -> Verification:
    """Read the journal at PATH to its end, or to the first line that is wrong.

    With HEAD, a hash that was noted elsewhere, one of the records must have it.
    The tip file beside the journal is compared where there is one.
    Without a journal that is a problem of it when one is EXPECTED, or when there is a tip file.

    Raises:
        OnboxError: when there is no journal that can be read, or HEAD is no hash.
    """
    head = head.lower()
    if head and not _HASH.fullmatch(head):
        raise OnboxError("head-unusable", head=repr(head))
    # Read before the journal: the writer notes the tip after the record.
    noted, state = _tip_beside(path)
    try:
        stream = open_to_read(path)
    except FileNotFoundError as error:
        if noted is None and not expected:
            raise _unreadable(path, error) from None
        return Verification(0, GENESIS, state, Problem(None, "the journal is gone"))
    except OSError as error:
        raise _unreadable(path, error) from None
    walk = _Walk(noted, head, head_at=0 if head == GENESIS else None)
    with stream:
        problem = walk.to_the_end(stream)
    if problem is None or problem.accident:
        problem = _problem_of_the_whole(walk, state) or problem
    if noted and noted.seq < walk.seq:
        state = "behind"
    return Verification(
        walk.seq, walk.hash, state, problem, head_at=walk.head_at, unfinished=tuple(walk.open_runs.values())
    )


def _unreadable(path: Path, error: OSError) -> OnboxError:
    return OnboxError("journal-unreadable", path=path, detail=error.strerror)


def _tip_beside(path: Path) -> tuple[Tip | None, TipState]:
    try:
        with open_to_read(path.with_name(tips.FILE)) as stream:
            return tips.read(stream.fileno()), "agrees"
    except FileNotFoundError:
        return None, "missing"
    except (OSError, ValueError):
        return None, "unreadable"


def _cut_off(seq: int, noted: Tip) -> Problem:
    missing = f"record {noted.seq} is" if noted.seq == seq + 1 else f"records {seq + 1} to {noted.seq} are"
    return Problem(seq + 1, f"{missing} missing at the end; {tips.FILE} knows of record {noted.seq}")


@dataclass
class _Walk:
    """How far the chain has been followed."""

    noted: Tip | None
    wanted: str
    seq: int = 0
    hash: str = GENESIS
    head_at: int | None = None
    open_runs: dict[str, Record] = field(default_factory=dict)

    def to_the_end(self, stream: BinaryIO) -> Problem | None:
        """Follow the chain in STREAM, and stop at the first line that is wrong."""
        for number, line in enumerate(_lines(stream), 1):
            try:
                self._step(line)
            except ValueError as error:
                return Problem(number, str(error))
            except _UnendedError:
                return Problem(number, "it was never finished, which a loss of power explains", accident=True)
        return None

    def _step(self, line: bytes) -> None:
        if line[-1:] != b"\n":
            if len(line) == _LONGEST:
                raise ValueError("it is longer than any record")
            raise _UnendedError
        record = read(line[:-1])
        seq = self.seq + 1
        if record["seq"] != seq:
            raise ValueError(f"it holds record {record['seq']}, where record {seq} must stand")
        if record.get("prev") != self.hash:
            raise ValueError(f"record {seq} does not follow the record before it")
        if self.noted and seq == self.noted.seq and record["hash"] != self.noted.hash:
            raise ValueError(f"record {seq} is not the one that {tips.FILE} knows")
        self.seq, self.hash = seq, record["hash"]
        if self.hash == self.wanted:
            self.head_at = seq
        follow(self.open_runs, record)


def _problem_of_the_whole(walk: _Walk, state: TipState) -> Problem | None:
    """Say what is wrong with a journal whose every record is right."""
    if state == "unreadable":
        return Problem(None, f"{tips.FILE} is not what onbox writes")
    if walk.noted and walk.noted.seq > walk.seq:
        return _cut_off(walk.seq, walk.noted)
    if walk.wanted and walk.head_at is None:
        return Problem(None, "no record has the hash that was asked for: the journal was cut off or rewritten")
    return None


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST):
        if line[-1:] != b"\n" and len(line) < _LONGEST:
            line = _once_written(stream, stream.tell() - len(line))
        if line:
            yield line


def _once_written(stream: BinaryIO, start: int) -> bytes:
    """Give the last line, which begins at START, after the time that a writer at work takes to finish it."""
    deadline = time.monotonic() + _WRITER_SECONDS
    while True:
        stream.seek(start)
        line = stream.readline(_LONGEST)
        if not line or line[-1:] == b"\n" or time.monotonic() > deadline:
            return line
        time.sleep(_POLL_SECONDS)
