"""The command line: options, results, exit codes, and never a traceback."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pexpect
import pytest
from appliance.make import ADMIN
from rehearsal import ANSWERS, SECONDS, Onbox

from onbox import __version__, cli
from onbox.errors import OnboxError
from onbox.resync.confirmation import command_line

SENTINEL = "Sentinel-1!"


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("resync", "--help"), ("resync", "-h"), ("check", "-h")])
def test_help(onbox: Onbox, arguments: tuple[str, ...]) -> None:
    """Help is given for the whole and for each command, without rules and boxes."""
    run = onbox.without_terminal(*arguments)

    assert (0, "") == (run.exit_code, run.errors)
    assert "Usage: " in run.screen
    assert run.screen.isascii()


def test_version(onbox: Onbox) -> None:
    """The version is one line."""
    run = onbox.without_terminal("--version")

    assert (0, f"onbox {__version__}\n", "") == (run.exit_code, run.screen, run.errors)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--unknown",),
        ("unknown",),
        ("resync", "--unknown"),
        ("resync", "more"),
        ("resync", "--yes"),
        ("resync", "-p", "x"),
        ("resync", "--password", "x"),
        ("resync", "--reason", "unknown"),
        ("resync", "--reason", "1"),
        ("resync", "--ticket"),
        ("check", "--dry-run"),
    ],
)
def test_usage(onbox: Onbox, arguments: tuple[str, ...]) -> None:
    """An unknown command or option ends with exit code 2 before anything is done; no option takes a password."""
    run = onbox.without_terminal(*arguments)

    assert 2 == run.exit_code
    assert "Traceback" not in run.errors + run.screen
    assert ([], []) == (onbox.machine.calls(), list(onbox.machine.audit.iterdir()))


def test_resync_json(onbox: Onbox) -> None:
    """With --json, standard output is one object, and it says what the exit code and the record say."""
    out = onbox.home / "out"
    command = f"exec {shlex.join(onbox.command('resync', '--json'))} > {out}"
    child = pexpect.spawn("/bin/sh", ["-c", command], env=onbox.environment(), encoding="utf-8", timeout=SECONDS)
    for prompt, answer in ANSWERS.items():
        child.expect(prompt)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.wait()

    result = json.loads(out.read_text())
    assert 1 == len(out.read_text().splitlines())
    assert (0, "success", 0) == (child.exitstatus, result["outcome"], result["exit_code"])
    assert ("resync", __version__) == (result["command"], result["onbox"])
    record = onbox.machine.journal()[-1]
    names = ("run", "code", "message", "seq", "hash")
    assert [record[name] for name in names] == [result[name] for name in names]
    assert {"advice", "evidence", "warnings", "changed"} < set(result)


def test_refusal_json(onbox: Onbox) -> None:
    """A refusal is one object too."""
    run = onbox.without_terminal("resync", "--json")

    told = json.loads(run.screen)
    assert ("resync", "refused", 3, 3) == (told["command"], told["outcome"], told["exit_code"], run.exit_code)


def test_dry_run(onbox: Onbox) -> None:
    """A dry run shows the command and changes nothing."""
    run = onbox("resync", "--dry-run")

    assert 0 == run.exit_code
    assert "Dry run" in run.screen
    assert "".join(command_line(ADMIN).split()) in "".join(run.screen.split())
    assert ["manage-secrets"] == [call.argv[0] for call in onbox.machine.calls()]


def test_no_terminal(onbox: Onbox) -> None:
    """A resynchronisation needs a person at a terminal."""
    run = onbox.without_terminal("resync")

    assert 3 == run.exit_code
    assert [("resync.refused", "no-terminal")] == [(each["event"], each["code"]) for each in onbox.machine.journal()]


def test_check(onbox: Onbox) -> None:
    """A check calls no rsautil and records nothing; each finding has a code, and 3 says that a run would be refused."""
    ready = onbox("check")
    onbox.machine.rsautil.chmod(0o757)
    unsafe = onbox("check")
    in_json = onbox.without_terminal("check", "--json")

    assert [0, 3, 3] == [each.exit_code for each in (ready, unsafe, in_json)]
    assert ("Not ready" in ready.screen, "Not ready" in unsafe.screen) == (False, True)
    told = json.loads(in_json.screen)
    assert (3, "check-not-ready") == (told["exit_code"], told["code"])
    codes = {finding["check"]: finding["code"] for finding in told["findings"] if finding["state"] == "error"}
    assert {"rsautil": "rsautil-unsafe", "terminal": "no-terminal"} == codes
    assert {"check", "state", "code", "detail", "advice"} == set(told["findings"][0])
    assert ([], []) == (onbox.machine.journal(), onbox.machine.calls())


@pytest.mark.parametrize("command", ["check", "resync", "status", "audit list"])
def test_bad_settings_are_a_usage_error(onbox: Onbox, command: str) -> None:
    """Settings that cannot be used end each command with 2, and a program is told the code."""
    onbox.machine.config.write_text("[audits]\n")

    run = onbox.without_terminal(*command.split(), "--json")

    told = json.loads(run.screen)
    assert (2, "settings-unknown", "refused") == (run.exit_code, told["code"], told["outcome"])
    assert "[appliance], [timeouts], [audit]" in told["advice"]


def test_an_error_is_one_line(onbox: Onbox) -> None:
    """An error names what happened and what to do, on standard error, with the documented exit code."""
    file = onbox.home / "report"
    file.touch()
    run = onbox.without_terminal("check", "--report", str(file))

    assert 3 == run.exit_code
    assert f"onbox: The file {file} exists already." in run.errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (OnboxError("root", owner="rsaadmin"), 3, "onbox: onbox does not run as root. Log in"),
        (RuntimeError(SENTINEL), 3, "onbox: onbox itself failed (RuntimeError)."),
        (SystemExit(4), 4, ""),
        (SystemExit(None), None, ""),
    ],
)
def test_main(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failure: BaseException,
    code: int | None,
    said: str,
) -> None:
    """Every way to end becomes an exit code and at most one line, without a traceback or a value."""

    def fail(**_: object) -> None:
        raise failure

    monkeypatch.setattr(cli, "app", fail)

    with pytest.raises(SystemExit) as caught:
        cli.main()

    output = capsys.readouterr()
    assert (code, "") == (caught.value.code, output.out)
    assert output.err.startswith(said)
    assert len(output.err.splitlines()) == bool(said)
    assert SENTINEL not in output.err


def test_main_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that just returns has done its work."""
    monkeypatch.setattr(cli, "app", lambda **_: None)

    with pytest.raises(SystemExit) as caught:
        cli.main()

    assert 0 == caught.value.code


@pytest.mark.parametrize("arguments", [("check",), ("check", "--json"), ("resync",), ("resync", "--json")])
def test_reader_that_is_gone(onbox: Onbox, arguments: tuple[str, ...]) -> None:
    """When nobody reads the output any more, there is no complaint, and the exit code stays what it is."""
    expected = onbox.without_terminal(*arguments).exit_code
    reading, writing = os.pipe()
    os.close(reading)

    run = onbox.without_terminal(*arguments, stdout=writing)

    os.close(writing)
    assert expected == run.exit_code
    assert not [line for line in run.errors.splitlines() if "Error" in line or "Exception" in line]


def test_output_that_takes_nothing(onbox: Onbox) -> None:
    """A full disk or a closed pipe behind the output must not end in a traceback."""
    with Path("/dev/full").open("w") as full:
        run = onbox.without_terminal("status", stdout=full)

    assert (0, "") == (run.exit_code, run.errors)
