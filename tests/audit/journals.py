"""Journals for tests: written by onbox itself, or made by hand to be damaged."""

from __future__ import annotations

import os
import resource
from contextlib import closing
from typing import TYPE_CHECKING, Any

from onbox.audit.journal import Head, Journal
from onbox.audit.log import Writer, log_of_run
from onbox.audit.record import GENESIS, canonical, digest
from onbox.identity import Host, identify
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import structlog

    from onbox.audit.record import Record


def uid() -> int:
    """Return whom a test's journal belongs to."""
    return os.getuid()


def log(journal: Journal, *, run: str = "run-1", syslog: str = "") -> structlog.BoundLogger:
    """Return the log of a run of the caller on host am1."""
    return log_of_run(Writer(journal, syslog), run, identify(), Host("am1", "0123"), Settings())


def write(folder: Path, *events: tuple[str, str], run: str = "run-1", **fields: Any) -> list[str]:
    """Write a record for each event and outcome into the journal of *folder* and return the lines."""
    with closing(Journal(folder, os.getuid())) as journal:
        into = log(journal, run=run)
        return [canonical(into.info(event, outcome=outcome, code="c", **fields)) for event, outcome in events]


def one_run(folder: Path, run: str = "run-1") -> list[str]:
    """Write the records of a whole run."""
    return write(
        folder, ("admin.verified", "success"), ("resync.attempt", "unknown"), ("resync.result", "success"), run=run
    )


def sealed(fields: Record, seq: int, prev: str) -> Record:
    """Return *fields* as the record *seq* behind the one with the hash *prev*."""
    record = {**fields, "seq": seq, "prev": prev}
    return {**record, "hash": digest(record)}


def chained(records: Iterable[Record]) -> list[bytes]:
    """Return the lines of *records*, chained."""
    prev, lines = GENESIS, list[bytes]()
    for seq, fields in enumerate(records, 1):
        record = sealed(fields, seq, prev)
        prev = record["hash"]
        lines.append(canonical(record).encode() + b"\n")
    return lines


def put_tip(folder: Path, seq: int, head: str) -> None:
    """Write the head file of *folder*."""
    (folder / "tip.json").write_bytes(Head(seq, head).text())


def opened(folder: Path) -> closing[Journal]:
    """Return the journal of *folder*, to be closed."""
    return closing(Journal(folder, os.getuid()))


def content(folder: Path) -> bytes:
    """Return what the journal of *folder* holds."""
    return (folder / "audit.jsonl").read_bytes()


def limited(most: int, action: Callable[[], object]) -> None:
    """Do *action* where no file can grow beyond *most* bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        action()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
