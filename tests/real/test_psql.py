"""psql as it runs behind the prompt: for each answer of a real server, what may be said of the marker time.

The cases are in the folder psql, whose file defaults.txt says how to write one.
"""

from __future__ import annotations

import os
import tempfile
from configparser import RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rehearsal import CHECKOUT

from real.conftest import DBA_SECRET
from real.server import CASES, PROGRAMS, Server, fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from real.conftest import Rig

RSAUTIL = """\
if [[ $1 == manage-secrets ]]; then
    read -rp "Please enter OC Administrator username:"
    read -rsp "Please enter OC Administrator password:"
    echo
    cat "$state/manage-secrets.out"
    exit
fi
read -rsp "Please enter OC Administrator password:"
echo
cd "$state" || exit
export HOME=$state PGPASSWORD=$(<dba) LOCPATH='@locales@' PORT=@port@ SOCKET='@socket@'
@before@
psql=(./psql.bin -h localhost -p "$PORT" -d db -U rsa_dba @options@ -f update.sql)
@command@
"""


DEFAULTS = CASES / "defaults.txt"


def cases(*files: Path) -> RawConfigParser:
    """Return the cases of *files*, with the defaults."""
    parser = RawConfigParser()
    parser.read([DEFAULTS, *files])
    return parser


@pytest.fixture(scope="session")
def server() -> Server:
    """Return a PostgreSQL server; it ends with the process table that scripts/test-real gives the tests."""
    folder = Path(tempfile.mkdtemp())
    owner = CHECKOUT.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    return Server(folder, cases().defaults())


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(group[name], id=name)
        for group in map(cases, sorted({*CASES.glob("*.txt")} - {DEFAULTS}))
        for name in group.sections()
    ],
)
def test_psql(rig: Rig, server: Server, case: Mapping[str, str]) -> None:
    """The outcome is one that an expert accepts, and the table of the server agrees with it."""
    server.begin(case)
    before = server.marker()
    (rig.state / "psql.bin").symlink_to(PROGRAMS / "psql")
    for name, content in {"dba": DBA_SECRET, "update.sql": f"{case['sql']}\n", ".psqlrc": case["psqlrc"]}.items():
        rig.write(name, fill(content, case))
    place = {"port": str(server.port), "socket": str(server.folder), "locales": os.environ["LOCPATH"]}
    rig.rsautil(fill(RSAUTIL, {**case, **place}), float(case["limit"]))

    outcome = rig.resync()

    after = server.marker()
    assert case["marker"] == after
    assert outcome in case["outcomes"].split()
    assert "success" != outcome or "0" == after
    assert "failure" != outcome or before == after
