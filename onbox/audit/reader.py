"""The journal, or a copy of it on another machine, opened to be read: no lock is taken and nothing is written."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from onbox.audit.files import lines_from_end, open_to_read
from onbox.audit.history import time_of
from onbox.audit.record import Record
from onbox.errors import OnboxError

_NEEDED = ("time", "run", "event", "outcome")


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


# What this refuses could not be written as JSON again.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def record_of(line: bytes) -> Record | None:
    """Give the record in a LINE of the journal, or None when it is none that a reader could use."""
    try:
        record = _DECODER.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in _NEEDED):
        return None
    return record if time_of(record).year > 1 else None


def member(record: Record, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Give the member of RECORD at PATH (`actor.admin`), or None where there is none; an empty path is the record."""
    value: Any = record
    for name in _names(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


@cache
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()


class Reader:
    """The records of one journal.

    BAD counts the lines that are none, by the walk that met most of them; `verify` explains them.
    """

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        """Read from STREAM, an open file that is called PATH."""
        self.path = path
        self.bad = 0
        self._stream = stream

    def newest_first(self) -> Iterator[Record]:
        """Yield the records from the end on; only as much is read as is asked for."""
        return self._records(lines_from_end(self._stream.fileno()))

    def oldest_first(self) -> Iterator[Record]:
        """Yield the records from the beginning on."""
        self._stream.seek(0)
        return self._records(line.rstrip(b"\n") for line in self._stream)

    def _records(self, lines: Iterator[bytes]) -> Iterator[Record]:
        bad = 0
        for line in lines:
            record = record_of(line)
            if record is None:
                bad += 1
                self.bad = max(self.bad, bad)
            else:
                yield record


@contextmanager
def opened(path: Path, *, may_be_missing: bool) -> Iterator[Reader]:
    """Open the journal at PATH to be read; one that MAY_BE_MISSING then reads like an empty one.

    Raises:
        OnboxError: when it can't be read.
    """
    try:
        stream = _open(path, may_be_missing=may_be_missing)
    except (OSError, ValueError) as error:
        detail = getattr(error, "strerror", "it has no valid name")
        raise OnboxError("journal-unreadable", path=path, detail=detail) from None
    with stream:
        yield Reader(stream, path)


def _open(path: Path, *, may_be_missing: bool) -> BinaryIO:
    try:
        return open_to_read(path)
    except FileNotFoundError:
        if not may_be_missing:
            raise
        return Path(os.devnull).open("rb")
