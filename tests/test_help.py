"""The help: it fits a screen, gives an example, and names what was probably meant."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from manual import commands
from rehearsal import CHECKOUT
from typer.main import get_command

from onbox.cli import app

if TYPE_CHECKING:
    from rehearsal import Onbox

COMMANDS = {name.removeprefix("onbox").strip(): command for name, command in commands(get_command(app))}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_fits_a_screen(name: str, onbox: Onbox) -> None:
    """Nobody can scroll back at the console of a virtual machine; the prompt below needs a line too."""
    shown = onbox(*name.split(), "--help").screen.splitlines()

    assert len(shown) <= 24
    assert max(map(len, shown)) <= 80
    assert not [line for line in shown[1:] if line.endswith("...")]


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if not hasattr(command, "commands")])
def test_every_command_has_an_example(name: str, onbox: Onbox) -> None:
    """Each help shows one whole command."""
    assert f"Example: onbox {name}" in onbox(*name.split(), "--help").screen


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("resnc",), "Did you mean 'resync'?"),
        (("resync", "--tikcet", "1"), "--ticket"),
        (("check", "--jsno"), "--json"),
        (("resync", "--reason", "boredom"), "'tokens-deleted'"),
    ],
)
def test_a_mistyped_word_is_named(arguments: tuple[str, ...], expected: str, onbox: Onbox) -> None:
    """The error names the right one, and nothing was run."""
    run = onbox(*arguments)

    assert 2 == run.exit_code
    assert expected in run.screen


def completed(*words: str) -> list[str]:
    """Return what bash offers for the last of *words*."""
    script = """
        . packaging/rpm/onbox.bash
        compopt() { COMPREPLY=("$@"); }  # outside of a completion it only complains
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _onbox
        printf '%s\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "-uc", script, "bash", "onbox", *words]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split()


FILES = ["-o", "default"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["resy"], ["resync"]),
        (["audit", "ver"], ["verify"]),
        (["--config", "resync", "res"], ["resync"]),
        (["--config", "="], FILES),
        (["--config", "=", "x.toml", "stat"], ["status"]),
        (["resync", "--ti"], ["--ticket"]),
        (["resync", "-o", "--ticket", "--ti"], ["--ticket"]),
        (["resync", "--reason", "t"], ["tokens-deleted"]),
        (["resync", "--reason", "=", "t"], ["tokens-deleted"]),
        (["resync", "--ticket", "--re"], []),
        (["audit", "list", "--outcome", "un"], ["unknown"]),
        (["audit", "resolve", "1a2b", "--outcome", "s"], ["success"]),
        (["check", "--report", ""], FILES),
        (["audit", "verify", "--against", "/var"], FILES),
        (["nonsense", "--js"], []),
    ],
)
def test_bash_completes_commands_options_and_values(words: list[str], expected: list[str]) -> None:
    """It offers what can stand there, and names of files only where a file belongs."""
    assert expected == completed(*words)


def test_no_option_changes_the_files_of_the_account(onbox: Onbox) -> None:
    """Everybody shares the account, so the package alone brings the completion."""
    assert "completion" not in onbox("--help").screen
