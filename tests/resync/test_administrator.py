"""The administrator is asked for once, verified by rsautil, and kept from a lockout."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from appliance.make import ADMIN, PASSWORD
from hypothesis import given
from hypothesis import strategies as st

from onbox.errors import OnboxError
from onbox.resync.administrator import password_rules, require_name
from onbox.secret import Secret

if TYPE_CHECKING:
    from rehearsal import Onbox

NAME_PROMPT, AGAIN_PROMPT = r"Operations Console administrator: ", r"Type ocadmin to try again: "
PASSWORD_PROMPT = r"Password of Operations Console administrator .*: "
WRONG = {NAME_PROMPT: ADMIN, PASSWORD_PROMPT: "Wrong-pass1!"}
DRY = ("resync", "--dry-run")

# Documented: basic ASCII without space, @ and ~.
ALLOWED = set(string.ascii_letters + string.digits + string.punctuation) - {"@", "~"}


@given(st.text(st.characters(max_codepoint=300), max_size=260) | st.text(st.sampled_from(sorted(ALLOWED)), min_size=1))
def test_name(name: str) -> None:
    """A name is taken if the documented rules allow it and rsautil can't read it as an option; it is never repeated."""
    allowed = 1 <= len(name) <= 255 and set(name) <= ALLOWED and name[0] != "-"
    try:
        taken = name == require_name(name)
    except OnboxError as error:
        assert ("admin-name", {}) == (error.code, error.facts)  # noqa: PT017 - both ends are fine
        taken = False

    assert allowed == taken


NEVER, TWICE, AT_ONCE = "password-impossible", "password-unlikely", ""


@pytest.mark.parametrize(
    ("password", "judged"),
    [
        ("$!\"'\\;&|<>()*?#`", AT_ONCE),
        ("x" * 8, AT_ONCE),
        ("x" * 32, AT_ONCE),
        ("x" * 7, TWICE),
        ("x" * 33, TWICE),
        ("x" * 1024, TWICE),
        ("Secret-4711 ", TWICE),
        ("Secret@4711", TWICE),
        ("Secret~4711", TWICE),
        ("S\u00e9cret-4711", TWICE),
        ("Secret-4711\u200b", TWICE),
        ("Secret-\udce4711", TWICE),
        ("", NEVER),
        ("a\x03bcdefgh", NEVER),
        ("Secret-\x1b[D4711", NEVER),
        ("Secret-\u008d4711", NEVER),
        ("x" * 1025, NEVER),
        ("OCadmin", NEVER),
        ("dmi", NEVER),
    ],
)
def test_password(password: str, judged: str) -> None:
    """A password that cannot be right is asked for again; the vendor's rules may err, a terminal's may not."""
    accept = password_rules("ocadmin")
    found = []
    for _ in range(2):
        secret = Secret(password)
        try:
            found.append("" if secret is accept(secret) else "another")
        except OnboxError as error:
            found.append(error.code)
            assert b"" == secret.reveal()

    assert [judged, judged if judged == NEVER else AT_ONCE] == found


@pytest.mark.parametrize("option", ["--ticket=CHG {}", "--note=was {}"])
def test_password_in_an_option(option: str, onbox: Onbox) -> None:
    """A text that contains the password, in capital or small letters, is refused and not recorded."""
    run = onbox(*DRY, option.format(PASSWORD.upper()))

    assert 3 == run.exit_code
    assert "(text-with-password)" in run.screen
    assert [] == onbox.machine.calls()
    assert PASSWORD.upper() not in (onbox.machine.audit / "audit.jsonl").read_text()


def test_lockout(onbox: Onbox) -> None:
    """No more wrong passwords than an account can bear: asked before the fourth, refused before the fifth."""
    for _ in range(3):
        assert 4 == onbox(*DRY, answers=WRONG).exit_code
    again = {AGAIN_PROMPT: "maybe", f"(?s)possible.*{AGAIN_PROMPT}": ADMIN}
    assert 4 == onbox(*DRY, answers=WRONG | again).exit_code

    refused = onbox(*DRY, answers={NAME_PROMPT: ADMIN})

    assert 3 == refused.exit_code
    assert "(lockout-guard)" in refused.screen
    assert 4 == len(onbox.machine.calls()) == onbox.machine.read("administrators")[ADMIN]["failures"]
    assert ["admin.denied"] * 4 + ["resync.refused"] == [record["event"] for record in onbox.machine.journal()]
