"""The help that teaches, and the completion that spares typing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pages import commands
from rehearsal import CHECKOUT, Onbox, without_rights
from typer.main import get_command

from onbox.cli import app

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
    """What one has seen once is easier to type."""
    assert f"Example: onbox {name}" in onbox(*name.split(), "--help").screen


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_what_the_option_explains(name: str, onbox: Onbox) -> None:
    """'onbox help resync' is what people type first."""
    assert onbox(*name.split(), "--help") == onbox("help", *name.split())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("resnc",), "Did you mean 'resync'?"),
        (("help", "chekc"), "Did you mean 'check'?"),
        (("resync", "--tikcet", "1"), "--ticket"),
        (("check", "--jsno"), "--json"),
        (("resync", "--reason", "boredom"), "'tokens-deleted'"),
    ],
)
def test_a_mistyped_word_is_put_right(arguments: tuple[str, ...], expected: str, onbox: Onbox) -> None:
    """The error names the right one, and nothing was run."""
    run = onbox(*arguments)

    assert 2 == run.exit_code
    assert expected in run.screen


def completed(onbox: Onbox, words: str) -> list[str]:
    """Ask onbox what could follow WORDS, as bash does."""
    done = subprocess.run(
        [*without_rights(), sys.executable, "-m", "onbox"],
        env=onbox.environment()
        | {"_ONBOX_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("onbox ", ["resync", "check", "help", "audit"]),
        ("onbox resync --reason ", ["account-changed", "tokens-deleted", "other"]),
        ("onbox resync --ti", ["--ticket"]),
    ],
)
def test_the_shell_completes_commands_options_and_reasons(words: str, expected: list[str], onbox: Onbox) -> None:
    """Nobody has to remember the spelling of a reason."""
    assert set(expected) <= set(completed(onbox, words))


def test_the_shell_completes_the_ids_of_runs(onbox: Onbox) -> None:
    """The id that a screen showed need not be typed; a journal that can't be read has none to offer."""
    onbox("resync", "--dry-run")
    onbox("resync")
    run = onbox.machine.journal()[-1]["run"]
    journal = onbox.machine.audit / "audit.jsonl"

    assert [run] == completed(onbox, f"onbox audit show --file {journal} {run[:3]}")
    assert [run] == completed(onbox, f"onbox --config {onbox.machine.config} audit show {run[:30]}")
    assert [] == completed(onbox, f"onbox audit show --file {journal.parent} ")
