"""psql as it runs behind the prompt: for each answer of a real server, what may be said of the marker time.

The server's table tells the truth: no success without the change, no failure with it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from appliance.make import MARKER
from rehearsal import CHECKOUT

from real.conftest import DBA_SECRET
from real.server import FUNCTION, PROGRAMS, TABLE, Server

if TYPE_CHECKING:
    from real.conftest import Rig

CHANGE = "UPDATE config SET value = v WHERE key = k AND instance = i;"
MISSING = "IF NOT FOUND THEN RAISE EXCEPTION '% is not found.', k; END IF;"
SAY = 'RAISE NOTICE \'Changed the configuration parameter "%" to the value "%"\', k, v;'
BODY = f"{CHANGE} {MISSING} {SAY}"
CALL = f"SELECT update_config('{MARKER}', '0', 'GLOBAL');"

UNIQUE = """\
ALTER TABLE config ADD UNIQUE (value) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO config VALUES ('ims.zero', '0');
"""
TRIGGER = """\
CREATE FUNCTION trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;
CREATE TRIGGER trigger BEFORE UPDATE ON config FOR EACH ROW EXECUTE FUNCTION trigger();
"""
# A server and a psql of another language.
ABROAD = "env LC_ALL={0} PGOPTIONS='-c lc_messages={0}' \"${{psql[@]}}\""


@dataclass(frozen=True)
class Case:
    """What makes rsautil give one answer."""

    sql: str = CALL  # the file that psql runs
    body: str = BODY  # of the function update_config in PL/pgSQL
    returns: str = "void"
    prepare: str = ""  # SQL that the owner of the database runs before
    options: str = ""  # of psql, behind the documented ones
    before: str = ""  # shell code before psql
    command: str = '"${psql[@]}"'  # shell code that runs psql
    rc: str = ""  # ~/.psqlrc of the account
    limit: float = 30  # seconds that onbox waits
    value: str = ""  # of the marker time afterwards, if not that of the group


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
export HOME=$state PGPASSWORD=$(<dba) LOCPATH='{server.locales}' PORT={server.port} SOCKET='{server.folder}'
{case.before}
psql=(./psql.bin -h localhost -p "$PORT" -d db -U rsa_dba {case.options} -f update.sql)
{case.command}
"""

# It is done, and no doubt is left.
DONE = {
    "documented": Case(),
    "notices switched off": Case(before="export PGOPTIONS='-c client_min_messages=warning'"),
    "old value named": Case(body=f'{CHANGE} RAISE NOTICE \'Changed % from "%" to "%"\', k, 1763942400000, v;'),
    "set in other words": Case(body=f"{CHANGE} RAISE NOTICE 'Set parameter ''%'' for instance % = %', k, i, v;"),
    "info": Case(body=BODY.replace("NOTICE", "INFO")),
    "quiet": Case(options="-q", body=CHANGE),
    "stops at an error": Case(options="-v ON_ERROR_STOP=1"),
    "one transaction": Case(options="-1"),
    "committed": Case(sql=f"BEGIN;\n{CALL}\nCOMMIT;"),
    "settings before": Case(sql=f"SET client_encoding = 'UTF8';\nSET search_path TO am;\n{CALL}"),
    "helper function": Case(
        sql="DROP FUNCTION IF EXISTS helper();\nCREATE FUNCTION helper() RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
        f"{CALL}\nDROP FUNCTION helper();",
    ),
    "timing": Case(sql=f"\\timing on\n{CALL}"),
    "context of a notice": Case(sql=f"\\set SHOW_CONTEXT always\n{CALL}"),
    "verbose": Case(sql=f"\\set VERBOSITY verbose\n{CALL}"),
    "returns true": Case(returns="boolean", body=f"{BODY} RETURN true;"),
    "returns one": Case(returns="int", body=f"{BODY} RETURN 1;"),
    "over the socket": Case(options='-h "$SOCKET"'),
    "psqlrc expands": Case(rc="\\x on\n"),
    "psqlrc hides heads": Case(rc="\\t on\n\\pset footer off\n"),
    "psqlrc commits nothing": Case(rc="\\set AUTOCOMMIT off\n"),
    "psqlrc with a bad line": Case(rc="\\set ON_ERROR_STOP\nXSELECT;\n"),
    "locale not installed": Case(before="export LC_ALL=xx_XX.UTF-8", command='bash -c \'"$@"\' - "${psql[@]}"'),
}
# It is done, in a form that need not be known.
DONE_PERHAPS = {
    "password file readable by others": Case(
        before="unset PGPASSWORD; touch pass; chmod 644 pass; export PGPASSFILE=pass", options='-h "$SOCKET"'
    ),
    "echo of all lines": Case(options="-a"),
    "trace of the shell": Case(command='set -x; PGPASSWORD=$PGPASSWORD "${psql[@]}"'),
    "unaligned": Case(options="-A"),
    "expanded": Case(options="-x"),
    "rows alone": Case(options="-t"),
    "border": Case(options="-P border=2"),
    "result elsewhere": Case(options="-o /dev/null"),
    "other head": Case(sql=CALL.replace(";", " AS done;")),
    "two rows": Case(sql=f"{CALL[:-1]} FROM generate_series(1, 2);"),
    "returns text": Case(returns="text", body=f"{BODY} RETURN 'OK';"),
    "wider than the screen": Case(returns="text", body=f"{BODY} RETURN repeat('x', 100);"),
    "longer than the screen": Case(body=CHANGE, sql=f"{CALL[:-1]} FROM generate_series(1, 99);"),
    "returns null": Case(returns="text", body=f"{BODY} RETURN NULL;"),
    "procedure": Case(sql=f"DO $$ BEGIN PERFORM {CALL[7:]} END $$;"),
    "plain statement": Case(sql=f"UPDATE config SET value = '0' WHERE key = '{MARKER}';"),
    "explained": Case(sql=f"EXPLAIN ANALYZE {CALL}"),
    "detail of a notice": Case(body=f"{BODY[:-1]} USING DETAIL = 'It was 1763942400000.';"),
    "warning beside": Case(body=f"{BODY} RAISE WARNING 'The cache is stale';"),
    "notice of a trigger": Case(prepare=TRIGGER.format("RAISE NOTICE 'audit row written'; RETURN NEW;")),
    "German": Case(command=ABROAD.format("de_DE.UTF-8")),
    "French": Case(command=ABROAD.format("fr_FR.UTF-8")),
    "Japanese": Case(command=ABROAD.format("ja_JP.UTF-8")),
}
# It is done, or something else is, but the answer does not prove it.
DONE_UNPROVEN = {
    "another parameter too": Case(body=BODY + SAY.replace("k, v", "'ims.other.key', v")),
    "many notices": Case(body=f"FOR n IN 1..1000 LOOP RAISE NOTICE 'ims.key.% is kept', n; END LOOP; {BODY}"),
    "another value": Case(sql=CALL.replace("'0'", "'1764000000000'"), value="1764000000000"),
    "error before": Case(sql=f"SELECT * FROM nothing;\n{CALL}"),
    "error behind": Case(sql=f"{CALL}\nSELECT * FROM nothing;"),
    "terminated behind": Case(sql=f"{CALL}\nSELECT pg_terminate_backend(pg_backend_pid());"),
    "killed half-way": Case(sql=f"\\! (sleep 0.2; kill -9 $PPID) &\n{CALL}", body=f"PERFORM pg_sleep(0.5); {BODY}"),
    "killed behind": Case(sql=f"{CALL}\n\\! kill -9 $PPID"),
    "no connection behind": Case(command='"${psql[@]}"; "${psql[@]}" -p 1'),
    "exit status": Case(command='"${psql[@]}"; exit 3'),
}
# Nothing was changed, and no doubt is left.
SAFE = {
    "key missing": Case(prepare="DELETE FROM config;"),
    "key missing, the vendor's way": Case(prepare="DELETE FROM config;", options="-v ON_ERROR_STOP=1"),
    "constraint": Case(prepare="ALTER TABLE config ADD CHECK (value <> '0');"),
    "error in a trigger": Case(
        prepare=TRIGGER.format("RAISE EXCEPTION 'no change today' USING HINT = 'Wait.', DETAIL = 'Frozen.';")
    ),
    "verbose error": Case(sql=f"\\set VERBOSITY verbose\n{CALL}", body="PERFORM 1 / 0;"),
    "no function": Case(prepare="DROP FUNCTION update_config;"),
    "no table": Case(body="UPDATE am.nothing SET value = v;"),
    "syntax": Case(sql=f"XSELECT {CALL}"),
    "no right": Case(options="-U guest"),
    "no right for the function": Case(options="-U guest", prepare="REVOKE ALL ON FUNCTION update_config FROM PUBLIC;"),
    "read-only": Case(before="export PGOPTIONS='-c default_transaction_read_only=on'"),
    "hot standby": Case(options="-p $((PORT + 1))"),
    "statement timeout": Case(
        before="export PGOPTIONS='-c statement_timeout=200'", body=f"PERFORM pg_sleep(9); {BODY}"
    ),
    "lock timeout": Case(
        before="export PGOPTIONS='-c lock_timeout=200'",
        prepare="BEGIN; LOCK TABLE config IN SHARE MODE; PREPARE TRANSACTION 'holds the lock';",
    ),
    "server stopped": Case(options="-p 1"),
    "no socket": Case(options="-h /nowhere"),
    "wrong password": Case(before="PGPASSWORD=wrong"),
    "no database": Case(options="-d missing"),
    "no role": Case(options='-h "$SOCKET" -U nobody'),
    "too many connections": Case(options="-U crowded"),
    "no access": Case(options="-U stranger"),
}
# Nothing was changed, in a form that need not be known.
SAFE_PERHAPS = {
    "failed transaction": Case(sql=f"BEGIN;\nSELECT 1 / 0;\n{CALL}\nCOMMIT;"),
    "no TLS": Case(before="export PGSSLMODE=require"),
    "no address": Case(options="-h am.invalid"),
    "no file": Case(command='"${psql[@]::9}" -f missing.sql'),
    "no psql": Case(command="./psql.missing -f update.sql"),
    "notice of a skip": Case(body="RAISE NOTICE 'Skipped the configuration parameter \"%\"', k;"),
    "notice of a plan": Case(body='RAISE NOTICE \'At the next restart "%" will be set to "0"\', k;'),
    "notice of an unknown key": Case(body="RAISE NOTICE 'Unknown key \"%\"', k;"),
    "another parameter alone": Case(sql=CALL.replace(MARKER, "ims.other.key")),
    "returns false": Case(returns="boolean", body="RETURN false;"),
    "returns nought": Case(returns="int", body="RETURN 0;"),
    "returns words": Case(returns="text", body="RETURN 'NOT_FOUND';"),
    "no rows": Case(returns="SETOF void", body="RETURN;"),
    "nothing to update": Case(sql="UPDATE config SET value = '0' WHERE key = 'missing';"),
    "nothing run": Case(sql="\\quit"),
    "rolled back": Case(sql=f"BEGIN;\n{CALL}\nROLLBACK;"),
    "never committed": Case(sql=f"BEGIN;\n{CALL}"),
    "back to a savepoint": Case(sql=f"BEGIN;\nSAVEPOINT s;\n{CALL}\nROLLBACK TO SAVEPOINT s;\nCOMMIT;"),
    "prepared to be committed": Case(sql=f"BEGIN;\n{CALL}\nPREPARE TRANSACTION 'later';"),
    "constraint at the commit": Case(prepare=UNIQUE, sql=f"BEGIN;\n{CALL}\nCOMMIT;"),
    "deferred constraint": Case(prepare=UNIQUE),
    "error before the commit": Case(sql=f"BEGIN;\n{CALL}\nSELECT 1 / 0;\nCOMMIT;"),
    "error in one transaction": Case(options="-1", sql=f"{CALL}\nSELECT 1 / 0;"),
    "error behind the notice": Case(body=f"{BODY} PERFORM 1 / 0;"),
    "German error": Case(command=ABROAD.format("de_DE.UTF-8"), body="PERFORM 1 / 0;"),
}
# Nothing was changed, but the answer does not prove it.
SAFE_UNPROVEN = {
    "terminated half-way": Case(body=f"PERFORM pg_terminate_backend(pg_backend_pid()); {BODY}"),
    "server process killed": Case(body=f"COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'; {BODY}"),
    "idle in a transaction": Case(
        before="export PGOPTIONS='-c idle_in_transaction_session_timeout=100'",
        sql=f"BEGIN;\n{CALL}\n\\! sleep 0.4\nCOMMIT;",
    ),
    # Questions of psql, which onbox never answers.
    "psql asks for its password": Case(before="unset PGPASSWORD", limit=3),
    "psql asks before each step": Case(options="-s", limit=3),
}

# The outcomes that an expert accepts, whether the marker time is changed, and the cases.
GROUPS: list[tuple[set[str], bool, dict[str, Case]]] = [
    ({"success"}, True, DONE),
    ({"success", "unknown"}, True, DONE_PERHAPS),
    ({"unknown"}, True, DONE_UNPROVEN),
    ({"failure"}, False, SAFE),
    ({"failure", "unknown"}, False, SAFE_PERHAPS),
    ({"unknown"}, False, SAFE_UNPROVEN),
]


@pytest.fixture(scope="session")
def server() -> Server:
    """Return a PostgreSQL server; it ends with the process table that scripts/test-real gives the tests."""
    folder = Path(tempfile.mkdtemp())
    owner = CHECKOUT.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    return Server(folder)


@pytest.mark.parametrize(
    ("outcomes", "changed", "case"),
    [pytest.param(*group, case, id=name) for *group, cases in GROUPS for name, case in cases.items()],
)
def test_psql(rig: Rig, server: Server, outcomes: set[str], changed: bool, case: Case) -> None:
    """The outcome is one that an expert accepts, and the table of the server agrees with it."""
    server.sql(TABLE + FUNCTION.format(returns=case.returns, body=case.body) + case.prepare)
    before = server.marker()
    (rig.state / "psql.bin").symlink_to(PROGRAMS / "psql")
    for name, content in {"dba": DBA_SECRET, "update.sql": f"{case.sql}\n", ".psqlrc": case.rc}.items():
        rig.write(rig.state / name, content)
    rig.rsautil(RSAUTIL.format(server=server, case=case), case.limit)

    ending = rig.resync()

    value = server.marker()
    assert (case.value or ("0" if changed else before)) == value
    assert ending.outcome in outcomes
    assert "success" != ending.outcome or "0" == value
    assert "failure" != ending.outcome or before == value
