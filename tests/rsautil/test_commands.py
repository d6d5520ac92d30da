"""The calls of rsautil and the part of its output that is kept: real runs on the rehearsal appliance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from appliance.make import ADMIN, DBA_SECRET, PASSWORD

from onbox.rsautil import commands
from onbox.rsautil.verdict import ASKS_PASSWORD, ASKS_USERNAME
from onbox.secret import Secret
from onbox.settings import Settings

if TYPE_CHECKING:
    from rehearsal import Machine

    from onbox.rsautil.commands import Answer


def update(machine: Machine, *, passes: str = "", harmless: str = "") -> Answer:
    """Have the appliance do the update with the right name and password."""
    site = Settings(home=machine.home, environment=(passes,), harmless=(harmless,))
    return commands.update_marker_time(site, ADMIN, Secret(PASSWORD), lambda _: None)


@pytest.mark.parametrize(
    ("variant", "evidence"),
    [
        ("documented", []),
        ("login-next-line", []),
        ("login-unasked", ["com.rsa.db.dba.password <not kept>"]),
        ("login-database-down", ["psql.bin: could not connect to server: Connection refused"]),
    ],
)
def test_check_keeps_no_secret(appliance: Machine, variant: str, evidence: list[str]) -> None:
    """Of a check nothing is kept but what came before the password, and what psql says of a connection."""
    appliance.behave(verify=variant)

    answer = commands.check_login(Settings(home=appliance.home), ADMIN, Secret(PASSWORD), lambda _: None)

    assert evidence == list(answer.evidence[:1])
    assert DBA_SECRET not in str(answer)
    assert (variant == "documented") == (answer.secret is not None)


def test_evidence(appliance: Machine) -> None:
    """The lines that prove something are told from the others, which are kept in the transcript."""
    answer = update(appliance)

    notice, head, row = answer.evidence
    assert ("NOTICE" in notice, " update_config", "(1 row)") == (True, head, row)
    assert (ASKS_PASSWORD,) == answer.transcript.before
    assert [notice, head, "---------------", row] == [line for line in answer.transcript.after if line]


def test_settings(appliance: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that the site lists say nothing, and the variables that it names are passed on."""
    monkeypatch.setenv("AM_HOME", "/opt/rsa/am")
    appliance.behave(update="not-saved")
    assert ("Changes were not saved.",) == update(appliance).not_understood

    answer = update(appliance, passes="AM_HOME", harmless="Changes *")

    assert ("update-confirmed", ("Changes *",)) == (answer.verdict.code, answer.listed)
    before, after = appliance.calls()
    assert ["AM_HOME"] == sorted(set(after.environment) - set(before.environment))


def test_password_is_forgotten_unasked(appliance: Machine) -> None:
    """The password is gone after the update even when rsautil could not be started."""
    secret = Secret(PASSWORD)

    answer = commands.update_marker_time(Settings(home=appliance.folder), ADMIN, secret, lambda _: None)

    assert (b"", "update-not-started") == (secret.reveal(), answer.verdict.code)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ((), ()),
        (("a", ""), ("a", "")),
        (("<Secret-1!>", "\udcc3\udca4\udcff"), ("<<redacted>>", "ä\ufffd")),
        (("Secr", "et-1!"), ("<redacted>",)),
        (("x" * 1001,), ("xxx",)),
        (("-" * 1001,), ("-" * 1000,)),
        (("*" * 12 + "●" * 9,), ("***●●●",)),
        (("Com.RSA.db.dba.Password=v",), ("Com.RSA.db.dba.Password <not kept>",)),
        (("\udcc2\udc9b",), ("\ufffd",)),
    ],
)
def test_redaction(lines: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """No secret, no length of one, no control character and no endless line is kept."""
    assert kept == commands._kept(lines, Secret("Secret-1!").fingerprint())


@pytest.mark.parametrize(
    ("line", "proves"),
    [
        ("DBA-SECRET-7f3a9c51e2d84b06", True),
        ("Abcdefgh", True),
        ("abcdefg1", True),
        ("ABCDEFG1", True),
        ("pä1sswörd", True),
        ("Abcdef1", False),
        ("undefined", False),
        ("NOT_FOUND", False),
        ("12345678", False),
        ("secret store", False),
        ("ERROR: corrupt1", False),
        ("", False),
    ],
)
def test_proof(line: str, proves: bool) -> None:
    """The value is one word of eight characters or more, of two kinds: upper case, lower case, digits."""
    assert proves == (commands._secret_in([ASKS_USERNAME, f"com.rsa.db.dba.password: {line}"]) is not None)
