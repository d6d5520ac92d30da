"""Whether a journal is as it was written: the chain of its records, and `tip.json` beside it.

It takes no lock and writes nothing, and can be used beside a writer at work.
"""

import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from onbox.audit.journal import HEAD_FILE, Head
from onbox.audit.reader import read_text
from onbox.audit.record import GENESIS, Record, read
from onbox.errors import OnboxError


@dataclass(frozen=True)
class Problem:
    """The first damage, and its line if it has one; programs rely on the CODE."""

    code: str
    line: int | None
    what: str


@dataclass
class Verification:
    """The result of reading a journal.

    `records` are intact, from the first line on.
    `heads` has the number of the record with each hash that was asked for, or None if no intact record has it.
    `form` says how a copy in text mode changed the journal; "" if it didn't.
    """

    records: list[Record] = field(default_factory=list)
    heads: dict[str, int | None] = field(default_factory=dict)
    tip: Literal["agrees", "behind", "missing", "unreadable"] = "missing"
    form: str = ""
    problem: Problem | None = None

    @property
    def head(self) -> str:
        """The hash of the last intact record."""
        return str(self.records[-1]["hash"]) if self.records else GENESIS


def verify(path: Path, heads: Collection[str] = (), *, expected: bool = False) -> Verification:
    """Read the journal at PATH to its end, or to the first line that is wrong.

    HEADS are hashes that were noted elsewhere.
    `tip.json` beside the journal is compared if there is one.
    A missing journal is a problem if one is EXPECTED, or if there is a `tip.json`.

    Raises:
        OnboxError: if there is no journal that can be read, or one of HEADS is no hash.
    """
    for head in heads:
        if not re.fullmatch("[0-9a-fA-F]{64}", head):
            raise OnboxError("head-unusable", head=repr(head))
    found, noted, form = Verification(), Head(), ""
    # Read before the journal: the writer notes the head after the record.
    try:
        text, form = read_text(path.with_name(HEAD_FILE))
        noted = Head.read(text)
        found.tip = "agrees"
    except (OSError, ValueError) as error:
        found.tip = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
    try:
        content, found.form = read_text(path)
        if content[-1:] not in (b"", b"\n"):
            # A writer at work gets the time to finish its line, or to take it back.
            time.sleep(0.5)
            content, found.form = read_text(path)
    except OSError as error:
        if not isinstance(error, FileNotFoundError) or (found.tip == "missing" and not expected):
            raise OnboxError("journal-unreadable", path=path, detail=error.strerror) from None
        found.problem = Problem("journal-missing", None, "the journal is missing")
    else:
        found.form = found.form or form
        found.problem = _follow(content, noted, found)
    numbers = {record["hash"]: record["seq"] for record in found.records} | {GENESIS: 0}
    found.heads = {head.lower(): numbers.get(head.lower()) for head in heads}
    return found


def _follow(content: bytes, noted: Head, found: Verification) -> Problem | None:
    """Take the records in CONTENT into FOUND, one after the other, and give the first problem."""
    *lines, incomplete = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            record = read(line)
        except ValueError as error:
            return Problem("record-damaged", number, str(error))
        if (record["seq"], record.get("prev")) != (number, found.head):
            return Problem("record-misplaced", number, f"record {record['seq']} is not the next one of this chain")
        if number == noted.seq and record["hash"] != noted.hash:
            return Problem("record-replaced", number, f"record {number} is not the one that {HEAD_FILE} names")
        found.records.append(record)
    if noted.seq > len(lines):
        return Problem("records-missing", len(lines) + 1, f"it ends before record {noted.seq}, which {HEAD_FILE} names")
    if noted.seq < len(lines) and found.tip == "agrees":
        found.tip = "behind"
    return Problem("record-torn", len(lines) + 1, "it is incomplete") if incomplete else None
