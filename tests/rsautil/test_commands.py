"""The calls of rsautil and the part of its output that is kept: real runs on the rehearsal appliance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from appliance.make import ADMIN, DBA_SECRET, MARKER_TIME, PASSWORD

from onbox.rsautil import commands
from onbox.rsautil.evidence import KEY
from onbox.rsautil.verdict import ASKS_PASSWORD, ASKS_USERNAME
from onbox.secret import Secret
from onbox.settings import Settings

if TYPE_CHECKING:
    from rehearsal import Machine

    from onbox.rsautil.commands import Answer


def settings(machine: Machine, seconds: float) -> Settings:
    """Return settings that lead to the appliance."""
    return Settings(home=machine.home, administrator_timeout=seconds, update_timeout=seconds)


def check(machine: Machine, seconds: float = 20) -> Answer:
    """Have the appliance check the right name and password, which nobody may find in the answer."""
    secret = Secret(PASSWORD)
    answer = commands.check_login(settings(machine, seconds), ADMIN, secret, lambda _: None)
    assert PASSWORD not in str(answer)
    assert DBA_SECRET not in str(answer)
    assert PASSWORD.encode() == secret.reveal()
    return answer


def update(machine: Machine, seconds: float = 20, *, passes: str = "", harmless: str = "") -> Answer:
    """Have the appliance do the update with the right name and password."""
    secret = Secret(PASSWORD)
    printed = Secret(DBA_SECRET).fingerprint()
    site = replace(settings(machine, seconds), environment=(passes,), harmless=(harmless,))
    answer = commands.update_marker_time(site, ADMIN, secret, lambda _: None, printed)
    assert PASSWORD not in str(answer)
    assert DBA_SECRET not in str(answer)
    assert 0 == len(secret)
    return answer


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ("documented", "admin-verified"),
        ("line-editor", "admin-verified"),
        ("echo-on", "admin-verified"),
        ("login-exit-1", "admin-verified"),
        ("refused-asks-at-once", "admin-denied"),
        ("password-echoed", "admin-unproven"),
        ("login-other-secret", "admin-unproven"),
        ("login-database-down", "admin-not-connected"),
        ("variable-missing", "admin-not-asked"),
    ],
)
def test_check(appliance: Machine, variant: str, code: str) -> None:
    """An administrator is verified by the documented line alone."""
    appliance.behave(verify=variant)

    answer = check(appliance)

    assert code == answer.verdict.code
    assert (code == "admin-verified") == (answer.secret is not None)
    assert answer.transcript.sent == (code != "admin-not-asked")
    assert [("manage-secrets", "-a", "get", "com.rsa.db.dba.password")] == [
        tuple(call.argv) for call in appliance.calls()
    ]


def test_check_keeps_no_secret(appliance: Machine) -> None:
    """Of an unproven check nothing is kept but what came before the password, and what psql says of a connection."""
    appliance.behave(verify="login-next-line")
    assert ((), ()) == (check(appliance).evidence, check(appliance).transcript.after)

    appliance.behave(verify="login-database-down")
    assert check(appliance).evidence[0] == "psql.bin: could not connect to server: Connection refused"


def test_check_unasked(appliance: Machine) -> None:
    """If no password was asked for, what was printed instead is shown, though not what could be a secret."""
    appliance.behave(verify="login-unasked")

    answer = check(appliance)

    assert ("admin-not-asked", ("com.rsa.db.dba.password <not kept>",)) == (answer.verdict.code, answer.evidence)


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ("documented", "update-confirmed"),
        ("asks-username", "update-confirmed"),
        ("line-editor", "update-confirmed"),
        ("prompt-after-noise", "update-confirmed"),
        ("sql-error", "update-sql-error"),
        ("asks-password-twice", "update-asked-again"),
        ("password-echoed", "update-not-understood"),
        ("secret-traced", "update-not-understood"),
        ("killed-after-change", "update-not-understood"),
        ("all-killed", "update-lost"),
        ("variable-missing", "update-not-asked"),
    ],
)
def test_update(appliance: Machine, variant: str, code: str) -> None:
    """An update gets the verdict that its evidence proves; what was changed never goes with "failure"."""
    appliance.behave(update=variant)

    answer = update(appliance)

    assert code == answer.verdict.code
    assert (code in ("update-not-understood", "update-asked-again")) == bool(answer.not_understood)
    assert answer.transcript.sent == (appliance.calls()[0].answered[-1:] == ["password"])
    assert [("store", "-o", ADMIN, "-a", "update_config", KEY, "0", "GLOBAL")] == [
        tuple(call.argv) for call in appliance.calls()
    ]
    assert answer.verdict.outcome != {"0": "failure", MARKER_TIME: "success"}[appliance.marker()]


@pytest.mark.parametrize(("variant", "code"), [("never-asks", "not-asked"), ("question", "timeout")])
def test_limit(appliance: Machine, variant: str, code: str) -> None:
    """A command that never ends is stopped at the limit; a question other than the documented ones is not answered."""
    appliance.behave(update=variant)

    assert f"update-{code}" == update(appliance, 1.5).verdict.code


def test_evidence(appliance: Machine) -> None:
    """The lines that prove something are told from the others, which are kept in the transcript."""
    answer = update(appliance)

    notice, head, row = answer.evidence
    assert ("NOTICE" in notice, " update_config", "(1 row)") == (True, head, row)
    assert (ASKS_PASSWORD,) == answer.transcript.before
    assert [notice, head, "---------------", row] == [line for line in answer.transcript.after if line]


def test_unasked(appliance: Machine) -> None:
    """If no password was asked for, what was printed instead is the evidence."""
    appliance.behave(update="variable-missing")

    assert ("./rsautil: line 12: AM_HOME: AM_HOME is not set",) == update(appliance).evidence


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

    assert (0, "update-not-started") == (len(secret), answer.verdict.code)


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
