"""The audit journal, or a copy of it on another machine, opened to be read: no lock is taken and nothing is written."""

import codecs
import errno
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from onbox.audit.files import lines_from_end, open_to_read
from onbox.audit.record import Record, read
from onbox.errors import OnboxError

# Every reader of records relies on these texts.
_TEXTS = ("time", "run", "event", "outcome")
# A record has three levels; what is much deeper can't be written as JSON again.
_DEEPEST = 50
_MOST_CONVERTED = 64 * 1024 * 1024


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


# What this refuses could not be written as JSON again.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def in_utf8(stream: BinaryIO) -> tuple[BinaryIO, str]:
    """Give STREAM, at its beginning, as UTF-8 without a byte order mark, and name what it had instead.

    Windows editors and PowerShell's `>` write both.

    Raises:
        OSError: if it is too large to be converted in memory.
    """
    encoding, form = _form(stream.read(3))
    stream.seek(0)
    if not form:
        return stream, ""
    content = stream.read(_MOST_CONVERTED + 1)
    if len(content) > _MOST_CONVERTED:
        raise OSError(errno.EFBIG, f"it has {form} and is too large; convert it with iconv")
    text = content.decode(encoding, "replace").removeprefix("\ufeff")
    return BytesIO(text.encode("utf-8", "replace")), form


def _form(start: bytes) -> tuple[str, str]:
    """Name the encoding of a text that begins with these bytes, of which the first character is ASCII or a mark."""
    if start == codecs.BOM_UTF8:
        return "utf-8", "a byte order mark"
    if start[:2] == codecs.BOM_UTF16_LE or start[:1] > b"\0" == start[1:2]:
        return "utf-16-le", "UTF-16"
    if start[:2] == codecs.BOM_UTF16_BE or start[:1] == b"\0" < start[1:2]:
        return "utf-16-be", "UTF-16"
    return "", ""


def object_in(text: str) -> tuple[Record | None, str]:
    """Give the JSON object that TEXT begins with, if it can be written as JSON again, and what follows it."""
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None, text
    return (found if isinstance(found, dict) and _is_shallow(found, _DEEPEST) else None), text[end:]


def object_of(line: bytes) -> Record | None:
    """Give the JSON object that is the whole LINE, or None."""
    found, rest = object_in(line.decode("utf-8-sig", "replace").strip())
    return None if rest else found


def _is_shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_is_shallow(inner, levels - 1) for inner in value))


def usable(record: Record) -> Record:
    """Give RECORD with a text as its time, run, event and outcome, whatever a modified line has there."""
    missing = [name for name in _TEXTS if not isinstance(record.get(name), str)]
    return record | {name: json.dumps(record[name]) if name in record else "" for name in missing}


def member(record: Record, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Give the member of RECORD at PATH (`actor.admin`), or None if there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


class Reader:
    """The records of one journal.

    `bad` counts the lines that are no JSON object, `damaged` the records that are not as onbox wrote them, by the walk
    that met most of them; `verify` explains them.
    """

    def __init__(self, stream: BinaryIO, path: Path) -> None:
        """Read from STREAM, an open file that is called PATH."""
        self.path = path
        self.bad = 0
        self.damaged = 0
        self._stream = stream

    def newest_first(self) -> Iterator[Record]:
        """Yield the records from the end on; only as much is read as is asked for."""
        return map(usable, self._objects(lines_from_end(self._stream.fileno())))

    def oldest_first(self) -> Iterator[Record]:
        """Yield the records from the beginning on."""
        return map(usable, self.unchanged())

    def unchanged(self) -> Iterator[Record]:
        """Yield the records from the beginning on, with whatever values a modified line has."""
        self._stream.seek(0)
        return self._objects(line.removesuffix(b"\n") for line in self._stream)

    def _objects(self, lines: Iterator[bytes]) -> Iterator[Record]:
        bad = damaged = 0
        for line in lines:
            record = object_of(line)
            if record is None:
                bad += 1
                self.bad = max(self.bad, bad)
                continue
            try:
                read(line)
            except ValueError:
                damaged += 1
                self.damaged = max(self.damaged, damaged)
            yield record


@contextmanager
def opened(path: Path, *, may_be_missing: bool) -> Iterator[Reader]:
    """Open the journal at PATH to be read; one that MAY_BE_MISSING then reads like an empty one.

    Raises:
        OnboxError: if it can't be read.
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
