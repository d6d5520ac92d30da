"""The administrator is asked for once, verified by rsautil, and kept from a lockout."""

from __future__ import annotations

import io
import os
import shlex
import signal
import string
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest
from appliance.make import ADMIN, PASSWORD
from faults.watch import process_state
from hypothesis import given
from hypothesis import strategies as st
from rehearsal import SECONDS

from onbox.errors import OnboxError
from onbox.messages import message_of
from onbox.resync.administrator import require_name, require_password
from onbox.secret import Secret

if TYPE_CHECKING:
    from rehearsal import Onbox

NAME_PROMPT = r"Operations Console administrator: "
PASSWORD_PROMPT = r"Password of Operations Console administrator .*: "
AGAIN_PROMPT = r"Type yes to try again: "
WRONG = {NAME_PROMPT: ADMIN, PASSWORD_PROMPT: "Wrong-pass1!"}
DRY = ("resync", "--dry-run")

# Documented: basic ASCII without space, @ and ~.
ALLOWED = set(string.ascii_letters + string.digits + string.punctuation) - {"@", "~"}


@given(st.text(st.characters(max_codepoint=300), max_size=260) | st.text(st.sampled_from(sorted(ALLOWED)), min_size=1))
def test_name(name: str) -> None:
    """A name is taken when the documented rules allow it and rsautil can't read it as an option."""
    allowed = 1 <= len(name) <= 255 and set(name) <= ALLOWED and name[0] != "-"

    try:
        assert name == require_name(name)
        taken = True
    except OnboxError as error:
        assert ("admin-name", 2) == (error.code, message_of(error).exit_code)  # noqa: PT017 - both ends are fine
        taken = False

    assert allowed == taken


@pytest.mark.parametrize(
    ("password", "detail"),
    [
        ("Rehearsal-1!", ""),
        ("$!\"'\\;&|<>()*?#` with @ and ~", ""),
        ("short", ""),
        ("pässwörd", ""),
        ("x" * 1024, ""),
        ("", "is empty"),
        ("a\x03b", "holds a control character"),
        ("x" * 1025, "is longer than 1024 bytes"),
    ],
)
def test_password(password: str, detail: str) -> None:
    """A password is taken when it can be typed at a prompt; whether it is right is for rsautil to judge."""
    secret = Secret(password)

    if not detail:
        assert secret is require_password(secret)
        return
    with pytest.raises(OnboxError) as caught:
        require_password(secret)

    assert ("password-unusable", detail) == (caught.value.code, caught.value.facts["detail"])


def test_verified(onbox: Onbox) -> None:
    """The right password is verified by the documented command, asked for once, and put on record."""
    run = onbox(*DRY)

    assert 0 == run.exit_code
    assert ["admin.verified"] == [record["event"] for record in onbox.machine.journal()]
    assert (ADMIN, "success") == (onbox.machine.journal()[0]["actor"]["admin"], onbox.machine.journal()[0]["outcome"])
    (call,) = onbox.machine.calls()
    assert ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"] == call.argv
    assert ["username", "password"] == call.answered
    assert PASSWORD not in run.screen


def test_name_by_option(onbox: Onbox) -> None:
    """A name that was given is not asked for; one that can't be is refused, the empty one too."""
    assert 0 == onbox("resync", "-o", ADMIN, "--dry-run", answers={PASSWORD_PROMPT: PASSWORD}).exit_code
    for name in ("", "a b", "ocadmin@example", "-x"):
        assert 2 == onbox("resync", f"--admin={name}", "--dry-run", answers={}).exit_code
    assert 1 == len(onbox.machine.calls())


def test_lockout(onbox: Onbox) -> None:
    """No more wrong passwords than an account can bear: asked before the fourth, refused before the fifth."""
    for _ in range(3):
        assert 4 == onbox(*DRY, answers=WRONG).exit_code
    assert 3 == onbox(*DRY, answers={**WRONG, AGAIN_PROMPT: "no"}).exit_code
    assert 4 == onbox(*DRY, answers={**WRONG, AGAIN_PROMPT: "yes"}).exit_code

    refused = onbox(*DRY, answers={NAME_PROMPT: ADMIN})

    assert 3 == refused.exit_code
    assert "One more could lock the account" in " ".join(refused.screen.split())
    assert 4 == len(onbox.machine.calls()) == onbox.machine.read("administrators")[ADMIN]["failures"]
    assert ["admin.denied"] * 3 + ["resync.refused", "admin.denied", "resync.refused"] == [
        record["event"] for record in onbox.machine.journal()
    ]


@pytest.mark.parametrize(
    ("variant", "event"),
    [
        ("refused", "admin.denied"),
        ("refused-asks-at-once", "admin.denied"),
        ("value-missing", "admin.denied"),
        ("mute", "resync.refused"),
    ],
)
def test_not_verified(onbox: Onbox, variant: str, event: str) -> None:
    """Only a check that got the password counts as a failed login; nobody is verified without proof."""
    onbox.machine.behave(verify=variant)

    assert 4 == onbox(*DRY).exit_code
    assert [event] == [record["event"] for record in onbox.machine.journal()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("prompt", [NAME_PROMPT, PASSWORD_PROMPT])
def test_interrupted_question(onbox: Onbox, number: signal.Signals, prompt: str) -> None:
    """A question can be interrupted; the terminal echoes again afterwards, and nothing was run."""
    child = onbox.spawn(*DRY)
    child.expect(NAME_PROMPT)
    if prompt == PASSWORD_PROMPT:
        child.sendline(ADMIN)
        child.expect(PASSWORD_PROMPT)
        child.waitnoecho()
    child.kill(number)
    child.expect(pexpect.EOF)
    child.close()

    assert 130 == child.exitstatus
    assert [] == onbox.machine.calls()
    assert ["resync.refused"] == [record["event"] for record in onbox.machine.journal()]


def test_suspended_question(onbox: Onbox) -> None:
    """After ^Z and fg the password is asked for again, and the shell's echo does not show it."""
    shell = pexpect.spawn(
        "/bin/bash", ["--norc", "-i"], env=onbox.environment() | {"PS1": "shell> "}, encoding="utf-8", timeout=SECONDS
    )
    shell.logfile_read = screen = io.StringIO()
    shell.expect("shell> ")
    shell.sendline(shlex.join(onbox.command(*DRY, "-o", ADMIN)))
    shell.expect(PASSWORD_PROMPT)
    shell.sendcontrol("z")
    shell.expect("shell> ")
    shell.sendline("fg")
    shell.expect(PASSWORD_PROMPT)
    shell.sendline(PASSWORD)
    shell.expect("Dry run")
    shell.expect("shell> ")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()

    assert PASSWORD not in screen.getvalue()
    assert ["admin.verified"] == [record["event"] for record in onbox.machine.journal()]


def test_password_in_another_encoding(onbox: Onbox) -> None:
    """A password that a terminal sent in another encoding than UTF-8 is refused in words, and not sent."""
    child = onbox.spawn(*DRY, "-o", ADMIN)
    child.expect(PASSWORD_PROMPT)
    os.write(child.child_fd, b"Rehearsal-\xe9\n")
    child.expect("The password was not sent: it is not UTF-8.")
    child.expect(pexpect.EOF)
    child.close()

    assert 4 == child.exitstatus
    assert [] == onbox.machine.calls()


@pytest.mark.parametrize(("variant", "event"), [("never-ends", "admin.denied"), ("silent-forever", "resync.refused")])
def test_interrupted_check(onbox: Onbox, variant: str, event: str) -> None:
    """A check can be interrupted, and rsautil with it; the guard against a lockout counts it if it had the password."""
    onbox.machine.behave(verify=variant)
    child = onbox.spawn(*DRY, "-o", ADMIN)
    child.expect(PASSWORD_PROMPT)
    child.sendline(PASSWORD)
    while not (onbox.machine.calls() and onbox.machine.calls()[0].hangs):
        with suppress(pexpect.TIMEOUT):
            child.expect(pexpect.EOF, timeout=0.05)
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()

    assert 130 == child.exitstatus
    assert [event] == [record["event"] for record in onbox.machine.journal()]
    assert process_state(onbox.machine.calls()[0].hangs or 0) in ("", "Z")


def test_core_dumps(onbox: Onbox) -> None:
    """From the question for the password on, no core dump of this process is written."""
    child = onbox.spawn(*DRY, "-o", ADMIN)
    child.expect(PASSWORD_PROMPT)
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()

    assert ["0", "0"] == next(line for line in limits.splitlines() if "core" in line).split()[4:6]
