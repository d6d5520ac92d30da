"""Signs of success and of trouble are recognised in the lines of a transcript."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.rsautil.evidence import KEY, SIGNS, evidence_in, signs_of
from onbox.rsautil.terminal import Transcript

PSQL = "psql.bin:/tmp/819c55ab-0e79-49cb-a420-5f4b4d9094ae3515872605838824841.sql:108: "
OTHER = "auth_manager.admin.maximum_usable_tokens"

CONFIRMATIONS = [
    f'{PSQL}NOTICE:  Updated the configuration parameter "{KEY}" with the value "0"',
    f'{PSQL}NOTICE:  Configuration parameter "{KEY}" changed from "1763942400000" to "0" for GLOBAL',
    f"NOTICE: {KEY} = 0.",
    f"notice: {KEY.upper()} set to 0 for the instance 'GLOBAL'",
]

# What is said, and the signs in it that matter for a verdict.
SAYINGS: list[tuple[str, set[str]]] = [
    *[(line, {"confirmed"}) for line in CONFIRMATIONS],
    (" update_config", {"head"}),
    (" update_config ", {"head"}),
    (" add_config", set()),
    ("(1 row)", {"row"}),
    ("(0 rows)", set()),
    ("(1 row) and more", set()),
    ("---------------", set()),
    # Another parameter, or another value.
    (f'{PSQL}NOTICE:  Updated the configuration parameter "{OTHER}" with the value "0"', {"other-change"}),
    (f'{PSQL}NOTICE:  Updated the configuration parameter "{KEY}.previous" with the value "0"', {"other-change"}),
    (f'{PSQL}NOTICE:  Updated the configuration parameter "{KEY}" with the value "1"', {"other-change"}),
    (f'NOTICE:  Changed "{KEY}" from "0" to "1763942400000"', {"other-change"}),
    (f'NOTICE:  "{KEY}" now has the value ""', {"other-change"}),
    (f"NOTICE:  {KEY} = null", {"other-change"}),
    (f"NOTICE:  {KEY} = 0.5", {"other-change"}),
    (f"NOTICE:  {KEY} = -0", {"other-change"}),
    # The key is not there.
    (f'{PSQL}NOTICE:  configuration parameter "{KEY}" does not exist', {"key-missing", "trouble"}),
    (f'{PSQL}NOTICE:  configuration parameter "{KEY}" does not exist, skipping', {"key-missing", "trouble"}),
    (f'{PSQL}ERROR:  configuration parameter "{KEY}" does not exist', {"key-missing", "sql-error", "trouble"}),
    (f'NOTICE:  There is no configuration parameter "{KEY}"', {"key-missing", "trouble"}),
    (f"No such parameter: {KEY}", {"key-missing", "trouble"}),
    (f"Could not find {KEY}.", {"key-missing", "trouble"}),
    (f"{KEY} has never been added", {"key-missing", "trouble"}),
    ("The configuration key is unknown", {"key-missing"}),
    (f'WARNING:  configuration parameter "{KEY}" does not exist, adding it', {"trouble"}),
    (f'NOTICE:  configuration parameter "{OTHER}" does not exist', {"other-change", "trouble"}),
    # In doubt.
    (f'NOTICE:  "{KEY}" was not set to "0"', {"trouble"}),
    (f'NOTICE:  "{KEY}" must be added before its value is 0', {"trouble"}),
    (f'NOTICE:  failed to set "{KEY}" to "0"', {"trouble"}),
    (f"{KEY} was ignored", {"trouble"}),
    ("The instance GLOBAL does not exist.", {"trouble"}),
    ("NOTICE:  nothing to do for this parameter", {"trouble"}),
    ("NOTICE:  0 rows were updated", {"trouble"}),
    (f'NOTICE:  "{KEY}" already has the value "0"', set()),
    (f'NOTICE:  "{KEY}" is currently set to "0"', set()),
    (f'NOTICE:  previous value of "{KEY}" = "0"', set()),
    (f'NOTICE:  would update "{KEY}" with the value "0"', set()),
    (f'NOTICE:  dry run: "{KEY}" set to "0"', set()),
    # The login.
    ("Authentication failed: invalid OC Administrator credentials.", {"denied", "trouble"}),
    ("The user name or password you entered is incorrect.", {"denied"}),
    ("Authentication failed: the OC Administrator does not exist.", {"denied", "trouble"}),
    ("Access denied.", {"denied", "trouble"}),
    ("Wrong password", {"denied"}),
    ("Login failed for ocadmin", {"denied", "trouble"}),
    ("Unable to log in", {"denied", "trouble"}),
    ("The administrator is not authorized", {"denied"}),
    ("com.rsa.command.exception.InvalidCredentialsException: Access denied", {"denied", "trouble"}),
    ("Authentication failed: the OC Administrator account is locked.", {"denied", "locked", "trouble"}),
    ("You are locked out", {"locked", "trouble"}),
    ("Too many failed logins. Try again in 60 minutes.", {"denied", "locked", "trouble"}),
    ("The row is locked by another transaction", {"trouble"}),
    # The database and the services.
    ("psql.bin: could not connect to server: Connection refused", {"down", "trouble"}),
    ("Connection to localhost:7050 refused. Check the port.", {"down", "trouble"}),
    ('\tIs the server running on host "localhost" (127.0.0.1) and accepting', {"down"}),
    ("psql.bin: FATAL:  the database system is starting up", {"down", "sql-error", "trouble"}),
    ("RSA Administration Server with Operations Console    [SHUTDOWN]", {"down"}),
    ("The RSA Administration Server with Operations Console is not running.", {"down"}),
    ("The service is unavailable", {"down"}),
    ('psql: FATAL:  password authentication failed for user "rsa_dba"', {"sql-error", "trouble"}),
    ('ERROR:  relation "ims_config_value" does not exist', {"sql-error", "trouble"}),
    ("Caused by: org.postgresql.util.PSQLException: ERROR: permission denied", {"sql-error", "trouble"}),
    # Half-way, nothing is proven.
    ("FATAL:  terminating connection due to administrator command", {"trouble"}),
    ("server closed the connection unexpectedly", {"trouble"}),
    ("Error: the answer of the server could not be read", {"trouble"}),
    ("PANIC:  could not write to log file", {"trouble"}),
    ("\tat com.rsa.command.CommandLine.main(CommandLine.java:87)", {"trouble"}),
    ("java.lang.IllegalStateException", {"trouble"}),
    (" f", {"trouble"}),
    (f'NOTICE: "{KEY}" remains "1735"', {"trouble"}),
    (f'NOTICE: Updated "{KEY}" with the value "0" for instance "am82p"', {"other-change"}),
    *[
        (line, {"trouble"})
        for line in (
            "Nothing changed.",
            "No change.",
            "Update skipped.",
            "warning: value ignored",
            "Out of memory",
            "java.lang.OutOfMemoryError",
            "Segmentation fault",
            "deadlock detected",
            "The operation timed out.",
            "canceling statement due to user request",
            "Insufficient privileges",
            "No space left on device",
            "You do not have permission to do this",
            "This instance is a replica; it is read-only.",
            "Not supported",
        )
    ],
    # What psql says when something was done.
    ("UPDATE 1", {"done"}),
    ("UPDATE 0", set()),
    ("INSERT 0 1", {"done"}),
    ("COMMIT", {"done"}),
    # Said in passing: no proof that nothing was changed.
    ("WARNING: Authentication failed for SNMP; continuing", {"trouble"}),
    ("Account lockout policy loaded", set()),
    ("The server is not running in FIPS mode", set()),
    ("Usage: 12% of heap", set()),
    ("Invalid option -XX:foo ignored", {"trouble"}),
    ("WARNING: All illegal access operations will be denied in a future release", set()),
    ("OpenJDK 64-Bit Server VM warning: ignoring option MaxPermSize=512m; support was removed in 8.0", set()),
    # The command line.
    ("usage: rsautil COMMAND [OPTIONS]", {"usage"}),
    ("Unknown option: -o", {"usage"}),
    # Nothing at all.
    ("", set()),
    ("RSA Authentication Manager Installation Directory: /opt/rsa/am", set()),
    ('psql.bin:/tmp/x.sql:3: NOTICE:  table "x" does not exist, skipping', set()),
    ('NOTICE:  table "configuration parameter" does not exist, skipping', set()),
    ("log4j:WARN No appenders could be found for logger (com.rsa.errors).", set()),
    ('SLF4J: Failed to load class "org.slf4j.impl.StaticLoggerBinder".', set()),
    ("Please enter OC Administrator password: ", set()),
]


@pytest.mark.parametrize(("line", "signs"), SAYINGS)
def test_signs(line: str, signs: set[str]) -> None:
    """Each line shows its signs and no other."""
    assert signs == signs_of(line)


def test_row_needs_its_head() -> None:
    """The row counts only below the column that is named after the action."""
    above = evidence_in(Transcript("exited", ("(1 row)", " update_config")))
    below = evidence_in(Transcript("exited", (" update_config", "---", "", "(1 row)")))

    assert {"head"} == above.signs
    assert (" update_config",) == above.lines
    assert {"head", "row"} == below.signs
    assert (" update_config", "(1 row)") == below.lines


def test_evidence_is_bounded() -> None:
    """Twenty lines are evidence enough, but each line is weighed."""
    evidence = evidence_in(Transcript("exited", ("ERROR:  one",) * 30 + ("(1 row)", " update_config")))

    assert 20 == len(evidence.lines)
    assert {"sql-error", "trouble", "head"} == evidence.signs


@pytest.mark.parametrize(
    ("line", "trouble", "changed"),
    [
        (CONFIRMATIONS[0], False, True),
        (" update_config", False, False),
        ("nothing of note", False, False),
        ("ERROR:  no", True, False),
        (f'NOTICE:  Updated "{OTHER}"', True, True),
    ],
)
def test_weight(line: str, trouble: bool, changed: bool) -> None:
    """Whatever is not a sign of success is trouble; some signs say that something was changed."""
    evidence = evidence_in(Transcript("exited", (line,)))

    assert (trouble, changed) == (evidence.trouble, evidence.changed)


# What makes careless patterns try again and again.
PIECES = ["NOTICE: ", KEY, "auth_manager", ".a", "to ", "=", '"', "0", "!", " ", "\t", "a ", "not ", "table ", "no x "]
PIECES += ["invalid ", "password!", "account ", "services ", "authentication failed to be ", "psql", "parameter "]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(PIECES), st.sampled_from(PIECES))
def test_no_line_takes_long(repeated: list[str], before: str, after: str) -> None:
    """The longest line that is kept, 1000 characters, is judged in a few thousandths of a second."""
    line = (before + "".join(repeated) * 1000)[: 1000 - len(after)] + after
    started = time.thread_time()

    signs_of(line)

    assert time.thread_time() - started < 0.05


@given(st.text())
def test_success_is_never_guessed(line: str) -> None:
    """No line without psql's NOTICE and the whole key is a confirmation."""
    assert ("confirmed" in signs_of(line)) <= ("NOTICE:" in line.upper() and KEY in line.lower())


def test_names() -> None:
    """The table knows the signs that the rules ask for."""
    assert {
        "confirmed", "head", "row", "other-change", "key-missing", "locked", "denied", "down", "sql-error", "usage",
        "trouble", "done",
    } == {sign.name for sign in SIGNS}  # fmt: skip
