"""The help and the completion: they fit a screen, give an example, and name what was probably meant."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from commands import commands
from rehearsal import CHECKOUT

if TYPE_CHECKING:
    from rehearsal import Onbox

COMMANDS = {command.name.removeprefix("onbox").strip(): command for command in commands()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_fits_a_screen(name: str, onbox: Onbox) -> None:
    """A console of a virtual machine does not scroll back; a line is left for the prompt, and one line is an example.

    No option edits a file of the account, as one that installs a completion would.
    """
    run = onbox(*name.split(), "-h")
    shown = run.screen.splitlines()

    assert 0 == run.exit_code
    assert len(shown) <= 24
    assert max(map(len, shown)) <= 80
    assert run.screen.isascii()
    assert not [line for line in shown[1:] if line.endswith("...")]
    assert COMMANDS[name].below or f"Example: onbox {name}" in run.screen
    assert "completion" not in run.screen


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("resy", "resync"),
        ("audit ver", "verify"),
        ("--config resync res", "resync"),
        ("--config =", "-o default"),
        ("--config = x.toml stat", "status"),
        ("resync -o --ticket --ti", "--ticket"),
        ("resync --reason t", "tokens-deleted"),
        ("resync --reason = t", "tokens-deleted"),
        ("resync --ticket --re", ""),
        ("audit resolve 1a2b --outcome s", "success"),
        ("audit verify --against /var", "-o default"),
        ("nonsense --js", ""),
    ],
)
def test_bash_completes_commands_options_and_values(words: str, expected: str) -> None:
    """It offers what can stand there, and names of files (`compopt -o default`) only where a file belongs."""
    script = """
        . packaging/rpm/onbox.bash
        compopt() { COMPREPLY=("$@"); }  # outside of a completion it only complains
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _onbox
        echo "${COMPREPLY[@]}"
    """
    command = ["bash", "-uc", script, "bash", "onbox", *words.split()]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert expected == done.stdout.strip()
