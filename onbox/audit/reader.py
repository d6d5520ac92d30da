"""The audit journal, or a copy of it on another machine, read as it is: no lock is taken and nothing is written."""

import codecs
import errno
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onbox.audit.files import open_to_read
from onbox.audit.record import Record, canonical, read
from onbox.errors import OnboxError

_MOST_BYTES = 256 * 1024 * 1024
# Every reader of records relies on these texts.
_TEXTS = ("time", "run", "event", "outcome")
# A record has three levels; what is much deeper can't be written as JSON again.
_DEEPEST = 50
_DECODER = json.JSONDecoder()


def read_text(path: Path) -> tuple[bytes, str]:
    """Read the file at PATH, give it as UTF-8 with lines that end in LF, and say what it had instead.

    Windows editors, PowerShell's `>` and transfers in text mode change whole files so.

    Raises:
        OSError: if it can't be read, or is too large for the memory.
    """
    with open_to_read(path) as stream:
        content = stream.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {_MOST_BYTES // 2**20} MiB", str(path))
    encoding, form = _encoding(content[:3])
    if form:
        content = content.decode(encoding, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    if 0 < content.count(b"\n") == content.count(b"\r\n"):
        content = content.replace(b"\r\n", b"\n")
        form = f"{form} and CR LF" if form else "CR LF"
    return content, form


def _encoding(start: bytes) -> tuple[str, str]:
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
        canonical(found)  # JSON has no NaN
    except (ValueError, RecursionError):
        return None, text
    return (found if isinstance(found, dict) and _is_shallow(found, _DEEPEST) else None), text[end:]


def _is_shallow(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_is_shallow(inner, levels - 1) for inner in value))


def object_of(line: bytes) -> Record | None:
    """Give the JSON object that is the whole LINE, or None."""
    found, rest = object_in(line.decode("utf-8", "replace").strip())
    return None if rest else found


def record_of(line: bytes) -> Record | None:
    """Give the record in a LINE, or None if it is no JSON object.

    Its time, run, event and outcome are texts, also if a modified line has something else there.
    """
    record = object_of(line)
    if record is None:
        return None
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

    `bad` counts the lines that are no JSON objects, `damaged` the records that are not as onbox wrote them;
    `verify` explains them.
    """

    def __init__(self, path: Path, content: bytes, form: str) -> None:
        """Read CONTENT, which has another FORM in the file at PATH if one is named."""
        self.path = path
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        self._lines = [line for line in lines if object_of(line) is not None]
        self.bad = len(lines) - len(self._lines)
        self.damaged = sum(bool(form) or not _is_as_written(line) for line in self._lines)

    def newest_first(self) -> Iterator[Record]:
        """Yield the records, the last one first."""
        return _records(reversed(self._lines))

    def oldest_first(self) -> Iterator[Record]:
        """Yield the records, the first one first."""
        return _records(self._lines)

    def unchanged(self) -> Iterator[Record]:
        """Yield the records, the first one first, with all types that a modified line can have."""
        return filter(None, map(object_of, self._lines))


def _is_as_written(line: bytes) -> bool:
    try:
        read(line)
    except ValueError:
        return False
    return True


def _records(lines: Iterable[bytes]) -> Iterator[Record]:
    return filter(None, map(record_of, lines))


@contextmanager
def opened(path: Path, *, may_be_missing: bool) -> Iterator[Reader]:
    """Open the journal at PATH to be read; one that MAY_BE_MISSING then reads like an empty one.

    Raises:
        OnboxError: if it can't be read.
    """
    try:
        content, form = read_text(path)
    except (OSError, ValueError) as error:
        if not (may_be_missing and isinstance(error, FileNotFoundError)):
            detail = getattr(error, "strerror", "it has no valid name")
            raise OnboxError("journal-unreadable", path=path, detail=detail) from None
        content, form = b"", ""
    yield Reader(path, content, form)
