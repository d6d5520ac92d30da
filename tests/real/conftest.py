"""An appliance whose rsautil is made of real parts, and a run of onbox in front of it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from appliance.make import MARKER
from rehearsal import ANSWERS

if TYPE_CHECKING:
    from rehearsal import Machine, Onbox

# Every kind of character that the vendor's rules allow.
PASSWORD = "Sent-1!x\"q'\\z$`w(*"
DBA_SECRET = "Dba4Secret7Value"
EXIT_CODES = {"success": 0, "failure": 1, "denied": 4, "unknown": 6}

# The answers to the login check and to the update; the update's is documented by analogy with add_config.
VERIFIED = f"com.rsa.db.dba.password: {DBA_SECRET}\n"
NOTICE = f'psql.bin:/tmp/819c55ab.sql:108: NOTICE:  Changed the configuration parameter "{MARKER}" to the value "0"\n'
ROW = " update_config \n---------------\n \n(1 row)\n\n"


class Rig:
    """An appliance whose rsautil is a shell script of the test, and onbox in front of it."""

    def __init__(self, machine: Machine, onbox: Onbox) -> None:
        """Prepare the folder state/, where that script finds what it needs."""
        self.machine, self.onbox = machine, onbox
        self.state = machine.folder / "state"
        self.screen = ""
        for name, content in {
            "password": PASSWORD,
            "passwords": "",
            "marker": "unchanged",
            "manage-secrets.out": VERIFIED,
            "manage-secrets.err": "",
            "store.out": ROW,
            "store.err": NOTICE,
        }.items():
            self.write(name, content)

    def write(self, name: str, content: str) -> None:
        """Write a file in the folder state/ that belongs to the user who runs onbox."""
        (self.state / name).write_text(content)
        owner = self.machine.folder.stat()
        os.chown(self.state / name, owner.st_uid, owner.st_gid)

    def rsautil(self, script: str, limit: float = 30) -> None:
        """Make a bash *script*, in which $state is the folder state/, the utility; the update has *limit* seconds."""
        self.machine.rsautil.write_text(f"#!/bin/bash\nstate='{self.state}'\n{script}\n")
        self.machine.configure(self.machine.audit, timeouts={"update": limit})

    def resync(self, password: str = PASSWORD) -> str:
        """Return the outcome of onbox resync, run by a person who types *password*; "denied" before the update.

        The exit code says the same, and no secret got out.
        """
        run = self.onbox("resync", answers=ANSWERS | {list(ANSWERS)[1]: password})
        self.screen = run.screen
        record = self.machine.journal()[-1]
        outcome = str(record["outcome"]) if record["event"] == "resync.result" else "denied"
        journal = (self.machine.audit / "audit.jsonl").read_text()
        for secret in (PASSWORD, DBA_SECRET):
            assert secret not in self.screen
            assert json.dumps(secret)[1:-1] not in journal
        assert EXIT_CODES[outcome] == run.exit_code
        return outcome


@pytest.fixture
def rig(appliance: Machine, onbox: Onbox) -> Rig:
    """Return an appliance to give an rsautil to."""
    return Rig(appliance, onbox)
