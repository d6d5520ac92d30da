"""Whether a journal is as it was written: the chain of its records, `tip.json`, and the attempts without a result.

It takes no lock and writes nothing, and reads one line at a time, beside a writer at work as well.
"""

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from onbox.audit import tip as tips
from onbox.audit.files import open_to_read
from onbox.audit.history import follow
from onbox.audit.reader import in_utf8
from onbox.audit.record import GENESIS, Record, canonical, read
from onbox.audit.tip import Tip
from onbox.errors import OnboxError

# Longer than any record: two times 400 lines of 1000 characters, none of which takes more than 12 bytes.
_LONGEST = 16 * 1024 * 1024
_HASH = re.compile("[0-9a-f]{64}")
_WRITER_SECONDS, _POLL_SECONDS = 0.5, 0.05

TipState = Literal["agrees", "behind", "missing", "unreadable"]
ProblemCode = Literal[
    "journal-missing", "record-damaged", "record-misplaced", "record-torn", "records-missing", "record-replaced",
    "tip-unreadable",
]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is wrong, and in which line, if in one."""

    code: ProblemCode
    line: int | None
    what: str


class _BadLineError(Exception):
    """A line is not the next record of the chain."""

    def __init__(self, code: ProblemCode, what: str) -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True)
class Verification:
    """What a journal was found to be.

    `records` are intact, from the first line on, and `head` is the hash of the last of them.
    `form` says how a copy in text mode changed the whole file; "" if it didn't.
    `heads` has the number of the record with each hash that was asked for; None if no record has it.
    `unfinished` are the attempts that have no result, and were neither abandoned nor resolved.
    """

    records: int
    head: str
    tip: TipState
    problem: Problem | None
    form: str = ""
    heads: dict[str, int | None] = field(default_factory=dict)
    unfinished: tuple[Record, ...] = ()


def verify(path: Path, heads: Collection[str] = (), *, expected: bool = False) -> Verification:
    """Read the journal at PATH to its end, or to the first line that is wrong.

    HEADS are hashes that were noted elsewhere.
    `tip.json` beside the journal is compared if there is one.
    A missing journal is a problem if one is EXPECTED, or if there is a `tip.json`.

    Raises:
        OnboxError: if there is no journal that can be read, or one of HEADS is no hash.
    """
    for head in heads:
        if not _HASH.fullmatch(head.lower()):
            raise OnboxError("head-unusable", head=repr(head))
    # Read before the journal: the writer notes the head after the record.
    noted, state = _noted_beside(path)
    walk = _Walk(noted, {head.lower(): 0 if head == GENESIS else None for head in heads})
    try:
        problem = walk.through(path)
    except FileNotFoundError as error:
        if state == "missing" and not expected:
            raise _unreadable(path, error) from None
        problem = Problem("journal-missing", None, "the journal is missing")
    except OSError as error:
        raise _unreadable(path, error) from None
    if problem is None or problem.code == "record-torn":
        problem = _problem_of_the_whole(walk, state) or problem
    if noted and noted.seq < walk.seq:
        state = "behind"
    return Verification(walk.seq, walk.hash, state, problem, walk.form, walk.heads, tuple(walk.open_runs.values()))


def _unreadable(path: Path, error: OSError) -> OnboxError:
    return OnboxError("journal-unreadable", path=path, detail=error.strerror)


def _noted_beside(path: Path) -> tuple[Tip | None, TipState]:
    try:
        with open_to_read(path.with_name(tips.FILE)) as stream:
            return tips.read(stream.fileno()), "agrees"
    except FileNotFoundError:
        return None, "missing"
    except (OSError, ValueError):
        return None, "unreadable"


@dataclass
class _Walk:
    """How far the chain has been followed; `form` says how text mode changed the whole file."""

    noted: Tip | None
    heads: dict[str, int | None]
    seq: int = 0
    hash: str = GENESIS
    form: str = ""
    open_runs: dict[str, Record] = field(default_factory=dict)

    def through(self, path: Path) -> Problem | None:
        """Follow the chain in the file at PATH; a writer at work gets the time to finish its line."""
        deadline = time.monotonic() + _WRITER_SECONDS
        while True:
            with open_to_read(path) as stream:
                problem = self._to_the_end(stream)
            if problem is None or problem.code != "record-torn" or time.monotonic() > deadline:
                return problem
            time.sleep(_POLL_SECONDS)
            self.seq, self.hash, self.open_runs = 0, GENESIS, {}

    def _to_the_end(self, stream: BinaryIO) -> Problem | None:
        stream, encoding = in_utf8(stream)
        start = stream.tell()
        ends = {line[-2:] == b"\r\n" for line in _lines(stream) if line[-1:] == b"\n"}
        line_end = "lines that end in CR LF" if ends == {True} else ""
        self.form = " and ".join(filter(None, (encoding, line_end)))
        stream.seek(start)
        for number, line in enumerate(_lines(stream), 1):
            try:
                self._step(line[:-2] + b"\n" if line_end and line[-1:] == b"\n" else line)
            except _BadLineError as error:
                return Problem(error.code, number, str(error))
        return None

    def _step(self, line: bytes) -> None:
        record = _record(line)
        seq = self.seq + 1
        if record["seq"] != seq:
            raise _BadLineError("record-misplaced", f"it holds record {record['seq']} instead of record {seq}")
        if record.get("prev") != self.hash:
            raise _BadLineError("record-misplaced", f"record {seq} does not follow the record before it")
        if self.noted and seq == self.noted.seq and record["hash"] != self.noted.hash:
            raise _BadLineError("record-replaced", f"record {seq} is not the one that {tips.FILE} names")
        self.seq, self.hash = seq, record["hash"]
        if self.hash in self.heads:
            self.heads[self.hash] = seq
        follow(self.open_runs, record)


def _record(line: bytes) -> Record:
    """Give the record in LINE."""
    if len(line) == _LONGEST:
        raise _BadLineError("record-damaged", "it is longer than any record")
    if line[-1:] != b"\n":
        raise _BadLineError("record-torn", "it is incomplete")
    try:
        record = read(line[:-1])
        is_canonical = canonical(record).encode() == line[:-1]
    except (ValueError, RecursionError) as error:
        raise _BadLineError("record-damaged", str(error)) from None
    if not is_canonical:
        raise _BadLineError("record-damaged", "it is not in canonical form")
    return record


def _problem_of_the_whole(walk: _Walk, state: TipState) -> Problem | None:
    """Say what is wrong with a journal whose every record is right."""
    if state == "unreadable":
        return Problem("tip-unreadable", None, f"{tips.FILE} is not as onbox wrote it")
    if walk.noted and walk.noted.seq > walk.seq:
        first, last = walk.seq + 1, walk.noted.seq
        missing = f"record {last} is" if first == last else f"records {first} to {last} are"
        return Problem("records-missing", first, f"{missing} missing at the end; {tips.FILE} names record {last}")
    return None


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST):
        yield line
