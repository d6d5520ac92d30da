"""What rsautil answers is judged by evidence: real runs of every variant, and the rules by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from appliance.engine.variants import VARIANTS
from appliance.make import ADMIN, DBA_SECRET, MARKER_TIME, PASSWORD
from hypothesis import given
from hypothesis import strategies as st
from test_evidence import CONFIRMATIONS, SAYINGS

from onbox.messages import MESSAGES
from onbox.rsautil import commands
from onbox.rsautil.commands import ASKS_PASSWORD, ASKS_USERNAME, RULES, Answer, Verdict, judge, judge_check
from onbox.rsautil.evidence import KEY, evidence_in
from onbox.rsautil.terminal import Transcript
from onbox.secret import Secret
from onbox.settings import Settings

if TYPE_CHECKING:
    from rehearsal import Machine

# What an administrator check proves, variant by variant; those left out prove the administrator.
CHECKS = {
    "admin-denied": [
        "refused", "refused-exit-0", "refused-exit-255", "refused-other-words", "refused-terse", "refused-trace",
        "refused-asks-again", "refused-asks-again-exit-0", "refused-asks-at-once", "unknown-administrator",
        "unknown-administrator-exit-0", "unknown-as-refused", "locked-as-refused", "asks-password-twice",
    ],
    "admin-locked": ["locked", "locked-exit-0", "locked-other-words"],
    "admin-down": ["database-down", "database-down-exit-0", "database-starting"],
    "admin-not-asked": [
        "database-down-unasked", "services-down", "services-down-exit-0", "stack-trace-unasked", "mute", "mute-exit-1",
        "prompt-without-colon", "prompt-other-words", "master-password", "question-first", "silent-forever",
        "never-asks",
    ],
    "admin-unproven": [
        "refused-silent", "refused-silent-exit-0", "stack-trace", "stack-trace-exit-0", "no-output",
        "no-output-exit-1", "value-missing", "value-next-line", "value-only", "value-other-label",
        "password-echoed", "password-echoed-refused", "random-bytes", "long-line", "invalid-utf-8",
        "terminal-escapes",
        "killed", "killed-after-change", "wrapper-killed", "all-killed",
    ],
    "admin-timeout": ["never-ends", "never-ends-stubborn", "question-after", "much-output"],
}  # fmt: skip
# What an update proves; those left out are confirmed.
UPDATES = {
    "update-accepted": ["no-notice"],
    "update-denied": [*CHECKS["admin-denied"], *CHECKS["admin-locked"]],
    "update-down": ["services-down-exit-0", "database-down", "database-down-exit-0", "database-starting"],
    "update-key-missing": ["missing-notice", "missing-error", "missing-error-exit-1"],
    "update-sql-error": ["sql-error", "sql-error-exit-3"],
    "update-not-asked": [
        "database-down-unasked", "services-down", "stack-trace-unasked", "mute-exit-1", "prompt-without-colon",
        "prompt-other-words", "master-password", "question-first", "silent-forever", "never-asks",
    ],
    "update-contradiction": [
        "notice-other-key", "notice-other-value", "notice-longer-key", "success-and-error", "error-and-success",
        "success-exit-1", "notice-alone", "table-other-action",
    ],
    "update-timeout": [
        "question-after", "never-ends", "never-ends-after-success", "never-ends-stubborn", "much-output",
    ],
    "update-lost": ["wrapper-killed", "all-killed"],
    "update-unknown": [
        "refused-silent", "refused-silent-exit-0", "stack-trace", "stack-trace-exit-0",
        "no-output", "no-output-exit-1", "mute", "no-rows", "password-echoed", "password-echoed-refused",
        "random-bytes",
        "long-line", "invalid-utf-8", "terminal-escapes", "killed", "killed-after-change",
    ],
}  # fmt: skip
# Endless or long ones, cut short.
NUMBERS = {"late": 0.1, "slow": 0.02, "size": 20_000}
FLOOD = {"much-output": 100_000_000}


def expected(table: dict[str, list[str]], variant: str, otherwise: str) -> str:
    """Return the message that *table* has for a variant."""
    return next((message for message, variants in table.items() if variant in variants), otherwise)


def rows(command: str) -> list[str]:
    """Return the variants that are meant for *command*."""
    return [name for name, row in VARIANTS.items() if command in row.commands]


def settings(appliance: Machine, name: str, command: str) -> Settings:
    """Have the appliance answer *command* by the variant *name*, and allow it little time where it never ends."""
    row = VARIANTS[name]
    numbers = {key: value for key, value in NUMBERS.items() if getattr(row, key)}
    appliance.behave(**{command: name}, **numbers | ({"size": FLOOD[name]} if name in FLOOD else {}), seconds=30)
    message = expected(CHECKS if command == "verify" else UPDATES, name, "")
    endless = row.ends.startswith("hangs") or name in {*FLOOD, "question-after"} or message.endswith("not-asked")
    seconds = 1.0 if endless else 20.0
    return Settings(home=appliance.home, administrator_timeout=seconds, update_timeout=seconds)


@pytest.mark.parametrize("name", rows("verify"))
def test_check(appliance: Machine, name: str) -> None:
    """An administrator is verified by the documented line alone, and what it holds is kept nowhere."""
    secret = Secret(PASSWORD)

    answer = commands.check_administrator(settings(appliance, name, "verify"), ADMIN, secret, lambda _: None)

    assert expected(CHECKS, name, "admin-verified") == answer.verdict.message
    assert answer.password_sent == (answer.verdict.message != "admin-not-asked")
    assert PASSWORD not in str(answer)
    assert DBA_SECRET not in str(answer)
    assert PASSWORD.encode() == secret.reveal()
    assert [("manage-secrets", "-a", "get", "com.rsa.db.dba.password")] == [
        tuple(call.argv) for call in appliance.calls()
    ]
    assert MARKER_TIME == appliance.marker()


@pytest.mark.parametrize("name", rows("update"))
def test_update(appliance: Machine, name: str) -> None:
    """An update gets the verdict that its evidence proves; what was changed never goes with "failure"."""
    secret = Secret(PASSWORD)

    answer = commands.update_marker_time(settings(appliance, name, "update"), ADMIN, secret, lambda _: None)

    assert expected(UPDATES, name, "update-confirmed") == answer.verdict.message
    assert answer.password_sent == (appliance.calls()[0].answered[-1:] == ["password"])
    assert PASSWORD not in str(answer)
    assert 0 == len(secret)
    assert [("store", "-o", ADMIN, "-a", "update_config", KEY, "0", "GLOBAL")] == [
        tuple(call.argv) for call in appliance.calls()
    ]
    assert answer.verdict.outcome != {"0": "failure", MARKER_TIME: "success"}[appliance.marker()]


def test_password_is_forgotten_unasked(appliance: Machine) -> None:
    """The password is gone after the update even when rsautil could not be started."""
    secret = Secret(PASSWORD)

    answer = commands.update_marker_time(Settings(home=appliance.folder), ADMIN, secret, lambda _: None)

    assert (0, Verdict("failure", "update-not-started")) == (len(secret), answer.verdict)


GOOD = Transcript(
    "exited", (CONFIRMATIONS[0], " update_config", "---", "(1 row)"), answered=(ASKS_PASSWORD,), exit_code=0
)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "update-confirmed"),
        ({"lines": GOOD.lines[1:]}, "update-accepted"),
        ({"ending": "not-started"}, "update-not-started"),
        ({"ending": "asked-again"}, "update-contradiction"),
        ({"ending": "asked-again", "lines": ()}, "update-denied"),
        ({"ending": "timeout", "exit_code": None}, "update-timeout"),
        ({"exit_code": None, "signal": 9}, "update-lost"),
        ({"partial": True}, "update-unknown"),
        ({"exit_code": 1}, "update-contradiction"),
        ({"lines": (), "exit_code": 1}, "update-unknown"),
        ({"lines": (), "exit_code": 1, "answered": ()}, "update-not-asked"),
        ({"ending": "timeout", "lines": (), "exit_code": None, "answered": ()}, "update-not-asked"),
        ({"exit_code": 1, "answered": ()}, "update-contradiction"),
        ({"lines": ("usage: rsautil",), "exit_code": 1}, "update-usage"),
        ({"lines": (CONFIRMATIONS[0], f"{KEY} does not exist")}, "update-contradiction"),
        ({"lines": (f"{KEY} does not exist", *GOOD.lines[1:])}, "update-key-missing"),
        ({"lines": (f"{KEY} does not exist", f'NOTICE:  Added "{KEY}" with the value "5"')}, "update-contradiction"),
        ({"lines": (f"{KEY} does not exist", 'NOTICE:  Added "auth_manager.x"')}, "update-contradiction"),
        ({"lines": ("UPDATE 1", "ERROR:  cache reload failed")}, "update-contradiction"),
    ],
)
def test_rules(changes: dict[str, object], message: str) -> None:
    """The first rule that applies decides."""
    transcript = replace(GOOD, **changes)  # type: ignore[arg-type]

    assert message == judge(transcript, evidence_in(transcript)).message


@pytest.mark.parametrize(
    ("transcript", "proven", "message"),
    [
        (GOOD, True, "admin-verified"),
        (replace(GOOD, answered=()), True, "admin-verified"),
        (replace(GOOD, ending="asked-again"), True, "admin-denied"),
        (replace(GOOD, answered=(ASKS_USERNAME,)), False, "admin-not-asked"),
        (replace(GOOD, lines=("Access denied; the account is locked",)), False, "admin-locked"),
        (replace(GOOD, ending="timeout"), False, "admin-timeout"),
        (GOOD, False, "admin-unproven"),
    ],
)
def test_check_rules(transcript: Transcript, proven: bool, message: str) -> None:
    """Only the documented line is proof, and only the question itself is reason to think of a wrong password."""
    assert message == judge_check(transcript, evidence_in(transcript), proven=proven).message


@pytest.mark.parametrize(
    ("lines", "kept", "printed"),
    [
        (["com.rsa.db.dba.password: value"], ["com.rsa.db.dba.password: <not kept>"], True),
        (["com.rsa.db.dba.password: Access denied"], ["com.rsa.db.dba.password: <not kept>"], False),
        (["com.rsa.db.dba.password: v", "more v"], ["com.rsa.db.dba.password: <not kept>", ""], True),
        (["com.rsa.db.dba.password: ", "value"], ["com.rsa.db.dba.password: <not kept>", ""], False),
        (["error: com.rsa.db.dba.password = v"], ["error: com.rsa.db.dba.password <not kept>"], False),
        (["Com.RSA.db.dba.Password: v failed"], ["Com.RSA.db.dba.Password <not kept>"], False),
        (["log com.rsa.db.dba.password: value"], ["com.rsa.db.dba.password: <not kept>"], False),
        (["com.rsa.db.user.password: value"], ["com.rsa.db.user.password: value"], False),
    ],
)
def test_dba_secret(lines: list[str], kept: list[str], printed: bool) -> None:
    """What stands behind the label of the DBA secret, and all that follows it, is dropped."""
    hide = commands._DbaSecretFilter()

    assert kept == [hide(line) for line in lines]
    assert printed == hide.printed


def test_messages() -> None:
    """Each rule says why, and its message's exit code says the same as its outcome."""
    codes = {"success": 0, "failure": 1, "unknown": 6}

    assert [codes[rule.verdict.outcome] for rule in RULES] == [MESSAGES[rule.verdict.message][0] for rule in RULES]
    assert all(rule.because.endswith(".") for rule in RULES)


LINES = st.sampled_from([line for line, _ in SAYINGS]) | st.text(max_size=40)
TRANSCRIPTS = st.builds(
    Transcript,
    ending=st.sampled_from(["exited", "exited", "exited", "not-started", "timeout", "asked-again"]),
    lines=st.lists(LINES, max_size=6).flatmap(lambda lines: st.permutations([*lines, *GOOD.lines[1:]])).map(tuple),
    partial=st.booleans(),
    answered=st.sampled_from([(), (ASKS_PASSWORD,), (ASKS_USERNAME, ASKS_PASSWORD)]),
    exit_code=st.sampled_from([0, 0, 0, 1, 255, None]),
    signal=st.none() | st.integers(1, 64),
)


@given(TRANSCRIPTS)
def test_no_success_without_proof(transcript: Transcript) -> None:
    """Success is exit 0, the result row below its head and no trouble, in a transcript that is whole."""
    evidence = evidence_in(transcript)

    verdict = judge(transcript, evidence)

    if verdict.outcome == "success":
        assert ("exited", 0, None, False) == (
            transcript.ending, transcript.exit_code, transcript.signal, transcript.partial,
        )  # fmt: skip
        lines = [line.strip() for line in transcript.lines]
        assert "(1 row)" in lines[lines.index("update_config") :]
        assert {"head", "row"} <= evidence.signs <= {"head", "row", "confirmed", "done"}
        assert ("confirmed" in evidence.signs) == (verdict.message == "update-confirmed")
    assert verdict.message in MESSAGES


def test_password_sent() -> None:
    """The password was sent when its prompt was answered."""
    verdict = Verdict("unknown", "update-unknown")

    assert Answer(verdict, (), GOOD).password_sent
    assert not Answer(verdict, (), replace(GOOD, answered=(ASKS_USERNAME,))).password_sent


def test_check_keeps_refusals_alone(appliance: Machine) -> None:
    """A line that speaks of trouble could hold the secret; one that refuses the login comes instead of it."""
    appliance.rsautil.write_text(
        f"#!/bin/sh\nstty -echo\nprintf '{ASKS_PASSWORD} '\nread -r password\n"
        "echo 'Decrypting DBA-SECRET failed'\necho 'Access denied'\nexit 1\n"
    )
    answer = commands.check_administrator(Settings(home=appliance.home), ADMIN, Secret(PASSWORD), lambda _: None)

    assert (("Access denied",), ("Access denied",)) == (answer.evidence, answer.transcript.lines)
