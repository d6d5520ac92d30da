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
    answer = commands.update_marker_time(Settings(home=appliance.home), ADMIN, Secret(PASSWORD), lambda _: None)

    notice, head, row = answer.evidence
    assert ("NOTICE" in notice, " update_config", "(1 row)") == (True, head, row)
    assert (ASKS_PASSWORD,) == answer.transcript.before
    assert [notice, head, "---------------", row] == [line for line in answer.transcript.after if line]


def test_settings(appliance: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that the site lists say nothing, and the variables that it names are passed on."""
    monkeypatch.setenv("AM_HOME", "/opt/rsa/am")
    appliance.behave(update="not-saved")
    site = Settings(home=appliance.home, environment=("AM_HOME",), harmless=("Changes *",))

    answer = commands.update_marker_time(site, ADMIN, Secret(PASSWORD), lambda _: None)

    assert ("update-confirmed", ("Changes *",), ()) == (answer.code, answer.listed, answer.not_understood)
    assert "AM_HOME" in appliance.calls()[0].environment


def test_password_is_forgotten_unasked(appliance: Machine) -> None:
    """The password is gone after the update even when rsautil could not be started."""
    secret = Secret(PASSWORD)

    answer = commands.update_marker_time(Settings(home=appliance.folder), ADMIN, secret, lambda _: None)

    assert (b"", "update-not-started") == (secret.reveal(), answer.code)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ((), ()),
        (("<Secret-1!>", "\udcc3\udca4\udcff"), ("<<redacted>>", "ä\ufffd")),
        (("Secr", "et-1!"), ("<redacted>",)),
        (("x" * 1001,), ("xxx",)),
        (("-" * 1001,), ("-" * 1000,)),
        (("*" * 12 + "●" * 9,), ("***●●●",)),
        (("Com.RSA.db.dba.Password=v",), ("Com.RSA.db.dba.Password <not kept>",)),
    ],
)
def test_redaction(lines: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """No secret, no length of one, no control character and no endless line is kept."""
    assert kept == commands._kept(lines, Secret("Secret-1!").fingerprint())


@pytest.mark.parametrize("value", ["DBA-SECRET-7f3a9c51e2d84b06", "Abcdefgh", "abcdefg1", "ABCDEFG1", "pä1sswörd"])
def test_proof(value: str) -> None:
    """The value is one word of eight characters or more, of two kinds: upper case, lower case, digits."""
    assert commands._secret_in([ASKS_USERNAME, f"com.rsa.db.dba.password: {value}"])


@pytest.mark.parametrize(
    "value", ["Abcdef1", "undefined", "NOT_FOUND", "12345678", "secret store", "ERROR: corrupt1", ""]
)
def test_no_proof(value: str) -> None:
    """A shorter word, one of a single kind, and a sentence prove nothing."""
    assert commands._secret_in([f"com.rsa.db.dba.password: {value}"]) is None
