"""A PostgreSQL server of the test's own: a primary and a standby on loopback."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from appliance.make import MARKER
from rehearsal import without_rights

from real.conftest import DBA_SECRET

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
BEFORE = "1763942400000"

SETTINGS = "-c fsync=off -c shared_buffers=16MB -c max_prepared_transactions=2"
ACCESS = """\
local all all trust
host db stranger all reject
host all all all scram-sha-256
"""
SCHEMA = f"""\
CREATE DATABASE db;
ALTER ROLE rsa_dba PASSWORD '{DBA_SECRET}';
CREATE ROLE guest LOGIN PASSWORD '{DBA_SECRET}';
CREATE ROLE crowded LOGIN PASSWORD '{DBA_SECRET}' CONNECTION LIMIT 0;
CREATE ROLE stranger LOGIN PASSWORD '{DBA_SECRET}';
\\connect db
CREATE SCHEMA am;
ALTER DATABASE db SET search_path = am;
"""
# What each case begins with.
TABLE = f"""\
SET lock_timeout = '10s';
SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts \\gexec
SET client_min_messages = warning;
DROP SCHEMA am CASCADE;
CREATE SCHEMA am;
GRANT USAGE ON SCHEMA am TO guest;
CREATE TABLE config (key text, value text, instance text DEFAULT 'GLOBAL');
INSERT INTO config VALUES ('{MARKER}', '{BEFORE}'), ('ims.other.key', '1');
"""
FUNCTION = """\
CREATE FUNCTION update_config(k text, v text, i text) RETURNS {returns} LANGUAGE plpgsql AS $$
BEGIN {body} END $$;
"""


class Server:
    """The primary, with the table that holds the marker time, and a standby made from its files."""

    def __init__(self, folder: Path) -> None:
        """Make and start both in *folder*."""
        self.folder, self.locales = folder, os.environ["LOCPATH"]
        # The port that support articles use, and above it those of the other workers.
        self.port = 7050 + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
        self.run("initdb", "-D", "primary", "-U", "rsa_dba", "-A", "trust", "-N")
        (folder / "primary" / "pg_hba.conf").write_text(ACCESS)
        self.start("primary", self.port)
        self.sql(SCHEMA, "postgres")
        self.sql(f"{TABLE} {FUNCTION.format(returns='void', body='UPDATE config SET value = v;')}")
        self.run("pg_ctl", "-D", "primary", "-w", "stop")
        subprocess.run(["cp", "-a", folder / "primary", folder / "standby"], check=True)
        (folder / "standby" / "standby.signal").touch()
        self.start("primary", self.port)
        self.start("standby", self.port + 1)

    def start(self, name: str, port: int) -> None:
        """Start one of the two, and wait until it answers."""
        options = f"-p {port} -k {self.folder} {SETTINGS}"
        self.run("pg_ctl", "-D", name, "-w", "-l", f"{name}.log", "-o", options, "start")

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run a program of PostgreSQL as the user who runs onbox, and return what it prints."""
        command = [*without_rights(), str(PROGRAMS / program), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, input=text, check=True, stdout=subprocess.PIPE, text=True, env=os.environ
        )
        return done.stdout.strip()

    def sql(self, text: str, database: str = "db") -> str:
        """Run SQL as the owner of the database, and return the values that it selects."""
        to = ("-h", str(self.folder), "-p", str(self.port), "-U", "rsa_dba", "-d", database)
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *to, "-f", "-", text=text)

    def marker(self) -> str:
        """Return the marker time, once the server is up and no other session is at work."""
        busy = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
        for _ in range(100):
            with suppress(subprocess.CalledProcessError):
                if "0" == self.sql(busy):
                    return self.sql(f"SELECT value FROM config WHERE key = '{MARKER}'")
            time.sleep(0.1)
        raise TimeoutError("the server does not come to rest")
