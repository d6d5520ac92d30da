"""A PostgreSQL server of the test's own: a primary and a standby on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.make import MARKER
from rehearsal import without_rights

from real.conftest import DBA_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = Path(__file__).with_name("psql")
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
SETTINGS = "-c fsync=off -c shared_buffers=16MB -c max_prepared_transactions=2"
ACCESS = """\
local all,replication all trust
host db stranger all reject
host all all all scram-sha-256
"""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with the value of each @name@ in its place; a value can hold such names too."""
    return re.sub(r"@(\w+)@", lambda found: fill(values[found[1]], values), text)


class Server:
    """The primary, with the table that holds the marker time, and a standby made from its files."""

    def __init__(self, folder: Path, case: Mapping[str, str]) -> None:
        """Make and start both in *folder*, the standby as the primary is at the beginning of *case*."""
        self.folder = folder
        # The port that support articles use, and above it those of the other workers.
        self.port = 7050 + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        self.run("initdb", "-D", "primary", "-U", "rsa_dba", "-A", "trust", "-N")
        (folder / "primary" / "pg_hba.conf").write_text(ACCESS)
        self.start("primary", self.port)
        self.sql(fill((CASES / "server.sql").read_text(), {"secret": DBA_SECRET}), "postgres")
        self.begin(case)
        self.run("pg_basebackup", "-D", "standby", "-c", "fast")
        (folder / "standby" / "standby.signal").touch()
        self.start("standby", self.port + 1)

    def start(self, name: str, port: int) -> None:
        """Start one of the two, and wait until it answers."""
        options = f"-p {port} -k {self.folder} {SETTINGS}"
        self.run("pg_ctl", "-D", name, "-w", "-l", f"{name}.log", "-o", options, "start")

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run a program of PostgreSQL as the user who runs onbox, and return what it prints."""
        command = [*without_rights(), str(PROGRAMS / program), *arguments]
        primary = {"PGHOST": str(self.folder), "PGPORT": str(self.port), "PGUSER": "rsa_dba"}
        done = subprocess.run(
            command,
            cwd=self.folder,
            input=text,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | primary,
        )
        return done.stdout.strip()

    def sql(self, text: str, database: str = "db") -> str:
        """Run SQL as the owner of the database, and return the values that it selects."""
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-", text=text)

    def begin(self, case: Mapping[str, str]) -> None:
        """Make the table and the function of *case*."""
        self.sql(fill((CASES / "case.sql").read_text(), case))

    def marker(self) -> str:
        """Return the marker time, once the server is up and no other session is at work."""
        busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        for _ in range(100):
            with suppress(subprocess.CalledProcessError):
                if "0" == self.sql(busy):
                    return self.sql(f"SELECT value FROM config WHERE key = '{MARKER}'")
            time.sleep(0.1)
        raise TimeoutError("the server does not come to rest")
