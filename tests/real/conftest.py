"""What these tests share: an appliance whose rsautil is made of real parts, and a run in front of it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from appliance.make import MARKER
from rehearsal import ANSWERS

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Machine, Onbox

# Every kind of character that the vendor's rules allow.
PASSWORD = "Sent-1!x\"q'\\z$`w(*"
DBA_SECRET = "Dba4Secret7Value"
OUTCOMES = {0: "success", 1: "failure", 6: "unknown"}

# The answers to the login check and to the update; the update's is documented by analogy with add_config.
VERIFIED = f"com.rsa.db.dba.password: {DBA_SECRET}\n"
NOTICE = f'psql.bin:/tmp/819c55ab.sql:108: NOTICE:  Changed the configuration parameter "{MARKER}" to the value "0"\n'
ROW = " update_config \n---------------\n \n(1 row)\n\n"


@dataclass(frozen=True)
class Ending:
    """How a run ended."""

    exit_code: int
    screen: str
    records: list[dict[str, Any]]

    @property
    def outcome(self) -> str:
        """The outcome of the update; "none" without an update."""
        last = self.records[-1] if self.records else {}
        return str(last["outcome"]) if last.get("event") == "resync.result" else "none"


class Rig:
    """An appliance whose rsautil is a shell script of the test, and onbox in front of it."""

    def __init__(self, machine: Machine, onbox: Onbox) -> None:
        """Prepare the folder state/, where that script finds what it needs."""
        self.machine, self.onbox = machine, onbox
        self.state = machine.folder / "state"
        for name, content in {
            "password": PASSWORD,
            "passwords": "",
            "marker": "unchanged",
            "manage-secrets.out": VERIFIED,
            "manage-secrets.err": "",
            "store.out": ROW,
            "store.err": NOTICE,
        }.items():
            self.write(self.state / name, content)

    def write(self, path: Path, content: str) -> None:
        """Write a file that belongs to the user who runs onbox."""
        path.write_text(content)
        owner = self.machine.folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

    def rsautil(self, script: str, limit: float = 30) -> None:
        """Make a bash *script*, in which $state is the folder state/, the utility; the update has *limit* seconds."""
        self.machine.rsautil.write_text(f"#!/bin/bash\nstate='{self.state}'\n{script}\n")
        with self.machine.config.open("a") as settings:
            settings.write(f"\n[timeouts]\nupdate = {limit}\n")

    def resync(self, password: str = PASSWORD) -> Ending:
        """Run onbox resync to its end, as a person who types *password*.

        Whatever the run was like: the exit code and the record say the same, and no secret got out.
        """
        run = self.onbox("resync", answers=ANSWERS | {list(ANSWERS)[1]: password})
        ending = Ending(run.exit_code, run.screen, self.machine.journal())
        journal = (self.machine.audit / "audit.jsonl").read_text()
        for secret in (PASSWORD, DBA_SECRET):
            assert secret not in run.screen
            assert json.dumps(secret)[1:-1] not in journal
        if ending.outcome != "none":
            assert OUTCOMES[run.exit_code] == ending.outcome
        return ending


@pytest.fixture
def rig(appliance: Machine, onbox: Onbox) -> Rig:
    """Return an appliance to give an rsautil to."""
    return Rig(appliance, onbox)
