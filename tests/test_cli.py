"""The command line: options, help, completion, results, exit codes, and never a traceback."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pexpect
import pytest
from commands import commands
from rehearsal import ANSWERS, CHECKOUT, talk

from onbox import __version__, cli
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from rehearsal import Onbox

COMMANDS = {command.name.removeprefix("onbox").strip(): command for command in commands()}


def test_version(onbox: Onbox) -> None:
    """The version is one line."""
    run = onbox.without_terminal("--version")

    assert (0, f"onbox {__version__}\n", "") == (run.exit_code, run.screen, run.errors)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("", "Usage: "),
        ("resnc", "Did you mean 'resync'?"),
        ("resync more", "more"),
        ("resync --tikcet 1", "--ticket"),
        ("resync --reason boredom", "'tokens-deleted'"),
        ("resync -p x", "-p"),
        ("resync --password x", "--password"),
        ("check --dry-run", "--dry-run"),
    ],
)
def test_usage(onbox: Onbox, arguments: str, named: str) -> None:
    """A mistyped word is named, with the right one, before anything is done; no option takes a password."""
    run = onbox.without_terminal(*arguments.split())

    assert 2 == run.exit_code
    assert named in run.errors + run.screen
    assert "Traceback" not in run.errors + run.screen
    assert ([], []) == (onbox.machine.calls(), list(onbox.machine.audit.iterdir()))


def test_resync_json(onbox: Onbox) -> None:
    """With --json, standard output is one object, and it says what the exit code and the record say."""
    out = onbox.home / "out"
    command = f"exec {shlex.join(onbox.command('resync', '--json'))} > {out}"
    child = onbox.spawn(command=["/bin/sh", "-c", command])
    talk(child, ANSWERS)
    child.expect(pexpect.EOF)
    child.wait()

    result, record = json.loads(out.read_text()), onbox.machine.journal()[-1]
    assert 1 == len(out.read_text().splitlines())
    assert (0, "success", 0) == (child.exitstatus, result["outcome"], result["exit_code"])
    assert ("resync", __version__) == (result["command"], result["onbox"])
    names = ("run", "code", "message", "seq", "hash")
    assert [record[name] for name in names] == [result[name] for name in names]
    assert {"advice", "evidence", "warnings", "changed"} < set(result)


def test_check(onbox: Onbox) -> None:
    """A check calls no rsautil; each finding has a code, and 3 says that a run would be refused."""
    ready = onbox("check")
    onbox.machine.rsautil.chmod(0o757)
    unsafe = onbox("check")
    in_json = onbox.without_terminal("check", "--json")

    told = json.loads(in_json.screen)
    assert (0, 3, 3) == (ready.exit_code, unsafe.exit_code, in_json.exit_code)
    assert ("Ready" in ready.screen, "Not ready" in unsafe.screen, "check-not-ready") == (True, True, told["code"])
    codes = {finding["check"]: finding["code"] for finding in told["findings"] if finding["state"] == "error"}
    assert {"rsautil": "rsautil-unsafe", "terminal": "no-terminal"} == codes
    assert {"check", "state", "code", "detail", "advice"} == set(told["findings"][0])
    assert [] == onbox.machine.calls()


@pytest.mark.parametrize("command", ["check", "resync", "status", "audit list"])
def test_bad_settings_are_a_usage_error(onbox: Onbox, command: str) -> None:
    """Settings that cannot be used end each command with 2, and a program is told the code in one object."""
    onbox.machine.config.write_text("[audits]\n")

    run = onbox.without_terminal(*command.split(), "--json")

    told = json.loads(run.screen)
    assert (2, "settings-unknown", "refused") == (run.exit_code, told["code"], told["outcome"])


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OnboxError("root", owner="rsaadmin"), "onbox: onbox does not run as root. Log in"),
        (RuntimeError("Sentinel-1!"), "onbox: onbox itself failed (RuntimeError)."),
    ],
)
def test_main(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], failure: Exception, said: str
) -> None:
    """Every error becomes an exit code and one line, without a traceback or a value."""
    monkeypatch.setattr(cli, "app", Mock(side_effect=failure))
    with pytest.raises(SystemExit) as caught:
        cli.main()

    output = capsys.readouterr()
    assert (3, "") == (caught.value.code, output.out)
    assert output.err.startswith(said)
    assert 1 == len(output.err.splitlines())
    assert "Sentinel" not in output.err


@pytest.mark.parametrize("arguments", ["check", "check --json", "resync", "resync --json", "status"])
@pytest.mark.parametrize("gone", ["reader", "room"])
def test_output_that_takes_nothing(onbox: Onbox, arguments: str, gone: str) -> None:
    """If the reader of the output is gone, or the disk is full, onbox ends silently with the same exit code."""
    expected = onbox.without_terminal(*arguments.split()).exit_code
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe, Path("/dev/full").open("w") as full:
        run = onbox.without_terminal(*arguments.split(), stdout=pipe if gone == "reader" else full)

    assert expected == run.exit_code
    assert not [line for line in run.errors.splitlines() if "Error" in line or "Exception" in line]


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
