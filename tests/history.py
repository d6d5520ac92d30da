"""Audit trails for tests, written by the real trail into a real journal."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

from onbox.audit.journal import FILE, Journal
from onbox.audit.log import Trail
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, RESOLVED, RESULT, VERIFIED, Process
from onbox.audit.recovery import settle
from onbox.identity import Caller, Host
from onbox.rsautil import commands
from onbox.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

CALLER = Caller("rsaadmin", 1000, 1000, 4, "/dev/pts/0", "192.0.2.7")
HOST = Host("am1.example.com", "0123456789abcdef0123456789abcdef")
CHECK = Process(("/opt/rsa/am/utils/rsautil", *commands.CHECK_ARGUMENTS), 0, None, 3.25)
UPDATE = ("/opt/rsa/am/utils/rsautil", *commands.update_arguments("ocadmin"))
EVIDENCE = ('NOTICE:  Changed "marker_time" to "0"', " update_config", "(1 row)")


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

    def lines(self) -> list[bytes]:
        """Return the lines so far, the oldest first."""
        return self.path.read_bytes().splitlines()

    def records(self) -> list[dict[str, Any]]:
        """Return the records so far, the oldest first."""
        return [json.loads(line) for line in self.lines()]

    def trail(self, run: str = "") -> Trail:
        """Return the trail of a new run, or of *run*."""
        return Trail(self._journal, self._settings, CALLER, HOST, run or str(uuid.uuid4()))

    def attempt(self, admin: str = "ocadmin", **known: Any) -> str:
        """Add a run that was cut off before its result."""
        return str(self._attempt(admin, known)._fields["run"])

    def _attempt(self, admin: str, known: dict[str, Any]) -> Trail:
        trail = self.trail()
        trail.knows(admin=admin)
        trail.write(VERIFIED, "success", process=CHECK.fields())
        known = {"reason": "tokens-deleted", "ticket": "CHG-4711", "note": "by accident", **known}
        trail.knows(change=commands.CHANGE, **known)
        trail.write(ATTEMPT, "unknown", process=Process(UPDATE).fields(), message="The update is about to be run.")
        return trail

    def run(self, outcome: str = "success", admin: str = "ocadmin", **known: Any) -> str:
        """Add a run that came to its end."""
        trail = self._attempt(admin, known)
        process = Process(UPDATE, 0, None, 12.345).fields()
        trail.write(RESULT, outcome, process=process, message=f"It was a {outcome}.", evidence=EVIDENCE)
        return str(trail._fields["run"])

    def denied(self, admin: str = "ocadmin") -> str:
        """Add a run that ended with a denied check."""
        trail = self.trail()
        trail.knows(admin=admin)
        trail.write(DENIED, "failure", message=f"rsautil did not accept {admin}.", process=CHECK.fields())
        return str(trail._fields["run"])

    def refused(self) -> str:
        """Add a run that was refused."""
        trail = self.trail()
        trail.write(REFUSED, "refused", message="Not confirmed.")
        return str(trail._fields["run"])

    def settle(self) -> list[tuple[str, str]]:
        """Have the next run find what the last one left behind, and return what it says."""
        return list(settle(self.trail()))

    def resolve(self, run: str, outcome: str = "success") -> None:
        """Add that *run* turned out to have had *outcome*."""
        self.trail(run).write(RESOLVED, outcome, note="The tokens are there.", message="Resolved.")
