"""The help: it fits a screen, gives an example, and names what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pages import commands
from typer.main import get_command

from onbox.cli import app

if TYPE_CHECKING:
    from rehearsal import Onbox

COMMANDS = {name.removeprefix("onbox").strip(): command for name, command in commands(get_command(app), "onbox")}


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
