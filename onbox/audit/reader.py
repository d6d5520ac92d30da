"""The audit journal, or a copy of it on another machine, read as it is: no lock is taken and nothing is written."""

import errno
import json
import stat
from contextlib import suppress
from pathlib import Path

from onbox.audit.record import Record, canonical, read
from onbox.errors import OnboxError

FILE = "audit.jsonl"


def read_text(path: Path) -> tuple[bytes, str]:
    """Read the file at PATH, give it as UTF-8 with lines that end in LF, and say what it had instead.

    Windows editors, PowerShell's `>` and transfers in text mode change whole files so.

    Raises:
        OSError: if it can't be read, or is not a regular file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    content = path.read_bytes()
    # By a byte order mark, or by the NULs of UTF-16.
    encoding = json.detect_encoding(content[:4])
    form = {"utf-8": "", "utf-8-sig": "a byte order mark"}.get(encoding, encoding.upper())
    if form:
        content = content.decode(encoding, "replace").encode("utf-8", "replace")
    if 0 < content.count(b"\n") == content.count(b"\r\n"):
        content = content.replace(b"\r\n", b"\n")
        form = f"{form} and CR LF" if form else "CR LF"
    return content, form


def object_of(line: bytes) -> Record | None:
    """Give the JSON object that is the whole LINE, if it can be written as JSON again."""
    try:
        found = json.loads(line.decode("utf-8", "replace"))
        canonical(found)  # JSON has no NaN
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def record_of(line: bytes) -> Record | None:
    """Give the record in a LINE, or None if it is no JSON object.

    Its time, run, event and outcome are texts, also if a modified line has something else there: readers rely on it.
    """
    record = object_of(line)
    for name in ("time", "run", "event", "outcome"):
        if record is not None and not isinstance(record.get(name), str):
            record[name] = json.dumps(record[name]) if name in record else ""
    return record


class Reader:
    """The records of one journal.

    `records` come in their order; `unchanged` are the same with all types that a modified line can have.
    `bad` counts the lines that are no JSON objects, `damaged` the records that are not as onbox wrote them;
    `verify` explains them.
    """

    def __init__(self, path: Path, *, may_be_missing: bool) -> None:
        """Read the journal at PATH; one that MAY_BE_MISSING then reads like an empty one.

        Raises:
            OnboxError: if it can't be read.
        """
        self.path = path
        content, form = b"", ""
        try:
            content, form = read_text(path)
        except OSError as error:
            if not (may_be_missing and isinstance(error, FileNotFoundError)):
                raise OnboxError("journal-unreadable", path=path, detail=error.strerror) from None
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        self.records = [record for record in map(record_of, lines) if record is not None]
        self.unchanged = [record for record in map(object_of, lines) if record is not None]
        self.bad = len(lines) - len(self.records)
        intact = 0
        for line in lines:
            with suppress(ValueError):
                read(line)
                intact += not form
        self.damaged = len(self.records) - intact
