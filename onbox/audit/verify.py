"""Whether a journal is as it was written: the chain of its records, `tip.json`, and the attempts without a result.

It takes no lock and writes nothing, and can be used beside a writer at work.
"""

import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from onbox.audit.history import is_open
from onbox.audit.journal import HEAD_FILE, Head
from onbox.audit.reader import read_text
from onbox.audit.record import GENESIS, REPAIRED, Record, read
from onbox.errors import OnboxError

_HASH = re.compile("[0-9a-f]{64}")
_WRITER_SECONDS, _POLL_SECONDS = 0.5, 0.02


@dataclass(frozen=True)
class Problem:
    """The first damage, and its line if it has one; programs rely on the CODE."""

    code: str
    line: int | None
    what: str


@dataclass
class Verification:
    """The result of reading a journal.

    `heads` has the number of the record with each hash that was asked for, or None if no record has it.
    `records` are intact, from the first line on, and `head` is the hash of the last of them.
    `form` says how a copy in text mode changed the journal or `tip.json`; "" if it didn't.
    `open_runs` has the last record of each open run by the ID of the run.
    """

    heads: dict[str, int | None] = field(default_factory=dict)
    records: int = 0
    head: str = GENESIS
    tip: Literal["agrees", "behind", "missing", "unreadable"] = "missing"
    form: str = ""
    problem: Problem | None = None
    open_runs: dict[str, Record] = field(default_factory=dict)


def verify(path: Path, heads: Collection[str] = (), *, expected: bool = False) -> Verification:
    """Read the journal at PATH to its end, or to the first line that is wrong.

    HEADS are hashes that were noted elsewhere.
    `tip.json` beside the journal is compared if there is one.
    A missing journal is a problem if one is EXPECTED, or if there is a `tip.json`.

    Raises:
        OnboxError: if there is no journal that can be read, or one of HEADS is no hash.
    """
    found = Verification(_asked_for(heads))
    # Read before the journal: the writer notes the head after the record.
    noted = _noted_beside(path, found)
    try:
        content, form = _settled(path)
    except OSError as error:
        if not isinstance(error, FileNotFoundError) or (found.tip == "missing" and not expected):
            raise OnboxError("journal-unreadable", path=path, detail=error.strerror) from None
        found.problem = Problem("journal-missing", None, "the journal is missing")
        return found
    found.form = form or found.form
    *lines, incomplete = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        found.problem = _step(found, number, line, noted)
        if found.problem:
            return found
    if incomplete:
        found.problem = Problem("record-torn", len(lines) + 1, "it is incomplete")
    if found.tip == "unreadable":
        found.problem = Problem("tip-unreadable", None, f"{HEAD_FILE} is not as onbox wrote it")
    elif noted.seq > found.records:
        what = f"it ends before record {noted.seq}, which {HEAD_FILE} names"
        found.problem = Problem("records-missing", found.records + 1, what)
    elif found.tip == "agrees" and noted.seq < found.records:
        found.tip = "behind"
    return found


def _asked_for(heads: Collection[str]) -> dict[str, int | None]:
    for head in heads:
        if not _HASH.fullmatch(head.lower()):
            raise OnboxError("head-unusable", head=repr(head))
    return {head.lower(): 0 if head == GENESIS else None for head in heads}


def _noted_beside(path: Path, found: Verification) -> Head:
    try:
        content, found.form = read_text(path.with_name(HEAD_FILE))
        noted = Head.read(content)
    except FileNotFoundError:
        return Head()
    except (OSError, ValueError):
        found.tip = "unreadable"
        return Head()
    found.tip = "agrees"
    return noted


def _settled(path: Path) -> tuple[bytes, str]:
    """Read the journal; a writer at work gets the time to finish its line, or to take it back."""
    deadline = time.monotonic() + _WRITER_SECONDS
    while True:
        content, form = read_text(path)
        if content[-1:] in (b"", b"\n") or time.monotonic() > deadline:
            return content, form
        time.sleep(_POLL_SECONDS)


def _step(found: Verification, number: int, line: bytes, noted: Head) -> Problem | None:
    """Take the next LINE of the chain into FOUND, or say what is wrong with it."""
    try:
        record = read(line)
    except ValueError as error:
        return Problem("record-damaged", number, str(error))
    seq = found.records + 1
    if record["seq"] != seq:
        return Problem("record-misplaced", number, f"it holds record {record['seq']} instead of record {seq}")
    if record.get("prev") != found.head:
        return Problem("record-misplaced", number, f"record {seq} does not follow the record before it")
    if seq == noted.seq and record["hash"] != noted.hash:
        return Problem("record-replaced", number, f"record {seq} is not the one that {HEAD_FILE} names")
    found.records, found.head = seq, record["hash"]
    if found.head in found.heads:
        found.heads[found.head] = seq
    if record.get("event") != REPAIRED:
        found.open_runs.pop(str(record.get("run")), None)
    if is_open(record):
        found.open_runs[str(record.get("run"))] = record
    return None
