"""Journals for tests, written by onbox itself."""

from __future__ import annotations

import os
import resource
from contextlib import closing
from typing import TYPE_CHECKING, Any

from onbox.audit.journal import Journal
from onbox.audit.log import Writer, log_of_run
from onbox.audit.record import canonical
from onbox.identity import Host, identify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import structlog


def log(journal: Journal, *, run: str = "run-1", syslog: str = "") -> structlog.BoundLogger:
    """Return the log of a run of the caller on host am1."""
    return log_of_run(Writer(journal, syslog), run, identify(), Host("am1", "0123"), "")


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
