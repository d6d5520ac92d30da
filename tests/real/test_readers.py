"""The readers of passwords that may stand in rsautil: consoles, line editors, shells."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest
from rehearsal import without_rights

from real.conftest import PASSWORD

if TYPE_CHECKING:
    from real.conftest import Ending, Rig

# With this TERM every reader draws each prompt once, as test_term measures; docs/decisions.md compares others.
TERM = "xterm"
PROMPT = "Please enter OC Administrator password:"
READERS = Path(__file__).with_name("readers")


def java(reader: str, *options: str) -> list[str]:
    """Return the command of a reader in Java, found in the classes that scripts/test-real compiles."""
    return ["java", "-XX:-UsePerfData", *options, "-cp", os.environ[f"CLASSES_{reader}"], "Rsautil", reader]


SHELL = ["bash", str(READERS / "shell.sh"), "bash"]
PYTHON = [sys.executable, str(READERS / "library.py"), "getpass"]
TOOLKIT = ["/usr/bin/python3", str(READERS / "library.py"), "prompt_toolkit"]

# Each reader's command and what it shows for a character of the password.
# An unsupported terminal makes JLine 1 and 2 draw their prompt every few milliseconds, whatever TERM says.
COMMANDS = {
    "Java's console": [*java("JavaConsole"), "none"],
    "JLine 1": [*java("JLine1"), "none"],
    "JLine 1 with a mask": [*java("JLine1"), "*"],
    "JLine 1 on an unsupported terminal": [*java("JLine1", "-Djline.terminal=jline.UnsupportedTerminal"), "*"],
    "JLine 2": [*java("JLine2"), "none"],
    "JLine 2 with a mask": [*java("JLine2"), "*"],
    "JLine 2 on an unsupported terminal": [*java("JLine2", "-Djline.terminal=none"), "none"],
    "JLine 3": [*java("JLine3"), "none"],
    "JLine 3 with a mask": [*java("JLine3"), "*"],
    "bash": [*SHELL, "none"],
    "bash with a mask": [*SHELL, "*"],
    "getpass": [*PYTHON, "none"],
    "prompt_toolkit with a mask": [*TOOLKIT, "*"],
}
# Those that draw their prompt as usual if their output is no terminal.
PIPED = [name for name in COMMANDS if name not in ("Java's console", "prompt_toolkit with a mask")]
READER = pytest.mark.parametrize("reader", COMMANDS)
# How the wrapper runs the program that asks.
WRAPPERS = {
    "exec": "exec {reader}",
    "child": "{reader}; exit $?",
    "tee": "exec > >(tee -a rsautil.log) 2>&1\n{reader}; exit $?",
}


def prepare(rig: Rig, reader: str, wrapper: str = "exec", tries: int = 1, before: str = "") -> None:
    """Make rsautil of one reader."""
    command = shlex.join([*COMMANDS[reader], str(tries), str(rig.state)]) + ' "$@"'
    rig.rsautil(f'echo "$TERM" >>"$state/terms"\n{before}\n' + WRAPPERS[wrapper].format(reader=command))


def held(ending: Ending, rig: Rig) -> tuple[str, str, int]:
    """Return the outcome, the marker, and how many passwords rsautil got; no mask is on record or shown."""
    for text in (str(ending.records), ending.screen):
        assert "**" not in text
    return ending.outcome, (rig.state / "marker").read_text(), (rig.state / "passwords").read_text().count("\n")


@pytest.mark.parametrize(
    ("reader", "wrapper"), [*((name, "exec") for name in COMMANDS), *((name, "tee") for name in PIPED)]
)
def test_right_password(rig: Rig, reader: str, wrapper: str) -> None:
    """The login is proven and the update confirmed, whatever reads the password and however it is wrapped."""
    prepare(rig, reader, wrapper)

    ending = rig.resync()

    assert ("success", "0", 2) == held(ending, rig)
    assert [TERM] * 2 == (rig.state / "terms").read_text().split()
    assert 1 == len([line for line in ending.records[-1]["evidence"] if "NOTICE:  Changed" in line])


@READER
@pytest.mark.parametrize("tries", [1, 3])
def test_wrong_password(rig: Rig, reader: str, tries: int) -> None:
    """A wrong password is typed once and not verified, whether rsautil refuses it or asks again."""
    prepare(rig, reader, "child", tries)

    ending = rig.resync("Wrong-one-1!")

    assert (4, "none", "unchanged", 1) == (ending.exit_code, *held(ending, rig))


@READER
@pytest.mark.parametrize(("tries", "outcomes"), [(1, {"failure", "unknown"}), (3, {"unknown"})])
def test_password_that_changes(rig: Rig, reader: str, tries: int, outcomes: set[str]) -> None:
    """A password that the update does not take is typed once there; if rsautil asks again, the outcome is unknown."""
    prepare(rig, reader, "exec", tries, before='[[ $1 != store ]] || printf changed >"$state/password"')

    outcome, *rest = held(rig.resync(), rig)

    assert outcome in outcomes
    assert ["unchanged", 2] == rest


def test_no_console(rig: Rig) -> None:
    """Java has no console if its output is no terminal: nobody is verified, and nothing is typed."""
    prepare(rig, "Java's console", "tee")

    ending = rig.resync()

    assert (4, "none", "unchanged", 0) == (ending.exit_code, *held(ending, rig))


@READER
def test_term(rig: Rig, reader: str) -> None:
    """With the TERM that onbox gives, a reader draws its prompt once; on a dumb terminal JLine 2 draws it for ever."""
    prepare(rig, reader)
    restless = "unsupported" in reader

    assert restless == (draws(rig, TERM) > 1)
    assert (restless or reader.startswith("JLine 2")) == (draws(rig, "dumb") > 1)


def draws(rig: Rig, term: str) -> int:
    """Return how often a prompt is drawn within a third of a second, before the right password is typed and taken."""
    (rig.state / "marker").write_text("unchanged")
    arguments = ["store", "-o", "ocadmin", "-a", "update_config", "KEY", "0", "GLOBAL"]
    command = [*without_rights(), str(rig.machine.rsautil), *arguments]
    environment = dict(os.environ) | {"TERM": term}
    child = pexpect.spawn(command[0], command[1:], env=environment, encoding="utf-8", timeout=20, echo=False)
    child.expect_exact(PROMPT)
    child.expect(pexpect.TIMEOUT, timeout=1 / 3)
    drawn = 1 + str(child.before).count(PROMPT)
    child.sendline(PASSWORD)
    child.expect(pexpect.EOF)
    assert "0" == (rig.state / "marker").read_text()
    return drawn
