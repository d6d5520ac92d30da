"""Audit trails for tests, written by the real trail into a real journal."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

import structlog

from onbox.audit.journal import Journal
from onbox.audit.log import Writer, log_of_run
from onbox.audit.reader import FILE
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, RESOLVED, RESULT, VERIFIED, process
from onbox.audit.resolve import settle
from onbox.identity import Caller, Host
from onbox.rsautil import commands
from onbox.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CALLER = Caller("rsaadmin", 1000, 1000, 4, "/dev/pts/0", "192.0.2.7")
HOST = Host("am1.example.com", "0123456789abcdef0123456789abcdef")
CHECK = process(("/opt/rsa/am/utils/rsautil", *commands.CHECK_ARGUMENTS), 0, None, 3.25)
UPDATE = ("/opt/rsa/am/utils/rsautil", *commands.update_arguments("ocadmin"))
EVIDENCE = ('NOTICE:  Changed "marker_time" to "0"', " update_config", "(1 row)")

CODES = {"success": "update-confirmed", "failure": "update-sql-error", "unknown": "update-unproven"}


class History:
    """A journal with runs in it; each method adds one and returns its id."""

    def __init__(self, folder: Path) -> None:
        """Begin the journal in *folder*."""
        self.path = folder / FILE
        self._journal = Journal(folder, os.getuid())
        self._settings = Settings(directory=folder, syslog="")

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def records(self) -> list[dict[str, Any]]:
        """Return the records so far, the oldest first."""
        return [json.loads(line) for line in self.path.read_bytes().splitlines()]

    def log(self, run: str = "") -> structlog.BoundLogger:
        """Return the log of a new run, or of *run*."""
        return log_of_run(Writer(self._journal, ""), run or str(uuid.uuid4()), CALLER, HOST, self._settings.sha256)

    def attempt(self, admin: str = "ocadmin", **known: Any) -> str:
        """Add a run that was cut off before its result."""
        return run_of(self._attempt(admin, known))

    def _attempt(self, admin: str, known: dict[str, Any]) -> structlog.BoundLogger:
        log = self.log().bind(admin=admin)
        log.info(VERIFIED, outcome="success", code="admin-verified", process=CHECK)
        known = {"reason": "tokens-deleted", "ticket": "CHG-4711", "note": "by accident", **known}
        log = log.bind(change=commands.CHANGE, **known)
        log.info(ATTEMPT, outcome="unknown", code="update-attempted", process=process(UPDATE))
        return log

    def run(self, outcome: str = "success", admin: str = "ocadmin", code: str = "", **known: Any) -> str:
        """Add a run that came to its end."""
        log = self._attempt(admin, known)
        fields = {"process": process(UPDATE, 0, None, 12.345), "message": f"It was a {outcome}.", "evidence": EVIDENCE}
        log.info(RESULT, outcome=outcome, code=code or CODES[outcome], **fields)
        return run_of(log)

    def denied(self, admin: str = "ocadmin") -> str:
        """Add a run that ended with a denied login check."""
        log = self.log().bind(admin=admin)
        log.info(DENIED, outcome="failure", code="admin-denied", process=CHECK)
        return run_of(log)

    def refused(self) -> str:
        """Add a run that was refused."""
        log = self.log()
        log.info(REFUSED, outcome="refused", code="not-confirmed", message="Not confirmed.")
        return run_of(log)

    def settle(self) -> list[str]:
        """Have the next run find what the last one left behind, and return the codes of what it says."""
        return [words.code for words in settle(self._journal, self.log)]

    def resolve(self, run: str, outcome: str = "success") -> None:
        """Add that *run* turned out to have had *outcome*."""
        fields = {"note": "The tokens are there.", "message": "Resolved."}
        self.log(run).info(RESOLVED, outcome=outcome, code="run-resolved", **fields)


def run_of(log: structlog.BoundLogger) -> str:
    """Return the ID of the run that *log* is of."""
    return str(structlog.get_context(log)["run"])
