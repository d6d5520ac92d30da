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
    from real.conftest import Rig

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

# How the wrapper runs the program that asks.
EXEC = "exec {reader}"
CHILD = "{reader}; exit $?"
TEE = "exec > >(tee -a rsautil.log) 2>&1\n{reader}; exit $?"
CHANGED = '[[ $1 != store ]] || printf changed >"$state/password"\nexec {reader}'  # the password, before the update

WRONG = "Wrong-one-1!"
# The wrapper, how often the reader asks, and the password typed; then the outcomes that an expert accepts, the marker
# time, and how many passwords rsautil gets.
RUNS = {
    "right": (EXEC, 1, PASSWORD, {"success"}, "0", 2),
    "right through tee": (TEE, 1, PASSWORD, {"success"}, "0", 2),
    "wrong": (CHILD, 1, WRONG, {"denied"}, "unchanged", 1),
    "wrong and asked again": (CHILD, 3, WRONG, {"denied"}, "unchanged", 1),
    "changed": (CHANGED, 1, PASSWORD, {"failure", "unknown"}, "unchanged", 2),
    "changed and asked again": (CHANGED, 3, PASSWORD, {"unknown"}, "unchanged", 2),
    "no console": (TEE, 1, PASSWORD, {"denied"}, "unchanged", 0),
}
READERS_OF = {"right through tee": PIPED, "no console": ["Java's console"]}


def prepare(rig: Rig, reader: str, wrapper: str = EXEC, tries: int = 1) -> None:
    """Make rsautil of one reader."""
    command = shlex.join([*COMMANDS[reader], str(tries), str(rig.state)]) + ' "$@"'
    rig.rsautil('echo "$TERM" >>"$state/terms"\n' + wrapper.format(reader=command))


@pytest.mark.parametrize(("run", "reader"), [(run, reader) for run in RUNS for reader in READERS_OF.get(run, COMMANDS)])
def test_run(rig: Rig, run: str, reader: str) -> None:
    """A password is typed once for each call of rsautil, and only the right one is verified or changes anything.

    A mask would tell the length of the password: none is shown or recorded.
    """
    wrapper, tries, password, outcomes, marker, passwords = RUNS[run]
    prepare(rig, reader, wrapper, tries)

    outcome = rig.resync(password)

    assert outcome in outcomes
    records = rig.machine.journal()
    assert ("success" == outcome) == ("update-confirmed" == records[-1]["code"])
    assert "**" not in rig.screen + str(records)
    assert marker == (rig.state / "marker").read_text()
    assert passwords == (rig.state / "passwords").read_text().count("\n")
    assert {TERM} == set((rig.state / "terms").read_text().split())


@pytest.mark.parametrize("reader", COMMANDS)
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
