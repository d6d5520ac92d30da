"""The journal beside the copies of its records that syslog took off the machine."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from onbox.audit.files import open_to_read
from onbox.audit.record import Record
from onbox.audit.syslog import COOKIE, SPARE
from onbox.errors import OnboxError

# What follows from the content of a record and of those before it.
_DERIVED = frozenset({"prev", "hash", "omitted"})
_DECODER = json.JSONDecoder()


@dataclass
class Comparison:
    """What the copies say of a journal; records are named by their numbers.

    `rehashed` have the content of their copies but another hash: a record before them is not what it was.
    `unrecorded` are the runs whose result no journal could take, so that syslog alone has it.
    `others` counts copies from other hosts, `unreadable` those that were cut or garbled on the way.
    """

    compared: int = 0
    lost: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    rehashed: list[int] = field(default_factory=list)
    without_copy: list[int] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    others: int = 0
    unreadable: int = 0

    @property
    def problem(self) -> str:
        """Say which records the journal lost or changed; "" when none."""
        found = (("lost", self.lost), ("changed", self.changed), ("hashed anew", self.rehashed))
        return "; ".join(f"{what}: record {spans(numbers)}" for what, numbers in found if numbers)


def spans(numbers: Iterable[int]) -> str:
    """Give NUMBERS, which ascend, as a text such as "1, 4-7"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in found)


def compare(journal: Path, copies: Path) -> Comparison:
    """Compare the JOURNAL with the file COPIES, as rsyslog wrote it.

    A line of it is either a JSON object (as mmjsonparse gives it), or holds one behind `@cee:`.
    Only where each record of the journal begins is kept in memory.

    Raises:
        OnboxError: when a file can't be read, or there is no copy of a record of this journal.
    """
    try:
        with open_to_read(copies) as stream, _what_is_left_of(journal) as records:
            # A record is copied after it is written: what is copied by now, the journal has.
            end = os.fstat(stream.fileno()).st_size
            return _compare(_Index(records), _copies(stream, end), copies)
    except OSError as error:
        raise OnboxError("copies-unreadable", path=error.filename or copies, detail=error.strerror) from None


def _what_is_left_of(journal: Path) -> BinaryIO:
    try:
        return open_to_read(journal)
    except FileNotFoundError:
        return BytesIO()


class _Index:
    """Where the records of a journal begin, by their numbers, and the hosts they are of."""

    def __init__(self, stream: BinaryIO) -> None:
        self.hosts: set[str] = set()
        self.offsets: dict[int, int] = {}
        self._stream = stream
        offset = 0
        for line in stream:
            record = _object(line)
            if record and type(record.get("seq")) is int:
                self.offsets.setdefault(record["seq"], offset)
                self.hosts.add(_host(record))
            offset += len(line)

    def record(self, seq: int) -> Record:
        self._stream.seek(self.offsets[seq])
        return _object(self._stream.readline()) or {}


def _compare(index: _Index, copies: Iterator[Record | None], path: Path) -> Comparison:
    found, seen = Comparison(), set[int]()
    for copy in copies:
        if copy is None:
            found.unreadable += 1
        elif index.hosts and _host(copy) not in index.hosts:
            found.others += 1
        elif copy["seq"] is None:
            found.unrecorded.append(str(copy.get("run")))
        elif copy["seq"] not in seen:
            seen.add(copy["seq"])
            _judge(found, index, copy)
    found.compared = len(seen)
    if not seen:
        raise OnboxError("copies-missing", path=path)
    found.without_copy = sorted(index.offsets.keys() - seen)
    for numbers in (found.lost, found.changed, found.rehashed):
        numbers.sort()
    return found


def _judge(found: Comparison, index: _Index, copy: Record) -> None:
    seq = copy["seq"]
    if seq not in index.offsets:
        found.lost.append(seq)
        return
    record = index.record(seq)
    omitted = set(SPARE).intersection(copy.get("omitted") or ())
    fields = (copy.keys() | record.keys()) - _DERIVED - omitted
    if any(copy.get(name) != record.get(name) for name in fields):
        found.changed.append(seq)
    elif copy["hash"] != record.get("hash"):
        found.rehashed.append(seq)


def _copies(stream: BinaryIO, end: int) -> Iterator[Record | None]:
    """Yield the copies in STREAM up to END; None for one that is no longer whole."""
    for line in stream:
        end -= len(line)
        if end < 0:
            return
        text = line
        if not line.lstrip().startswith(b"{"):
            _, _, text = line.partition(COOKIE)
        copy = _object(text)
        if copy is None:
            if b" onbox[" in line:
                yield None
        elif "event" in copy and "hash" in copy and type(copy.get("seq")) in (int, type(None)):
            yield copy


def _object(line: bytes) -> dict[str, Any] | None:
    """Give the JSON object that LINE begins with."""
    try:
        found, _ = _DECODER.raw_decode(line.decode("utf-8").lstrip())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _host(record: Record) -> str:
    return json.dumps(record.get("host"), sort_keys=True)
