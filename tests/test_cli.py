"""The command line: what it prints, and the exit code it ends with."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from onbox import __version__, cli

if TYPE_CHECKING:
    from rehearsal import Onbox, Run


def parsed(run: Run) -> dict[str, object]:
    """Return the one object on standard output, whose exit code is that of the process."""
    found: dict[str, object] = json.loads(run.screen)

    assert run.exit_code == found["exit_code"]
    assert __version__ == found["onbox"]
    return found


def test_version(onbox: Onbox) -> None:
    """It is printed alone."""
    assert f"onbox {__version__}\n" == onbox.without_terminal("--version").screen


def test_check_as_json(onbox: Onbox) -> None:
    """One object with the findings and the verdict; that there is no terminal is only a warning here."""
    found = parsed(onbox.without_terminal("check", "--json"))
    states = {each["check"]: each["state"] for each in found["findings"]}  # type: ignore[attr-defined]

    assert "check" == found["command"]
    assert 0 == found["exit_code"]
    assert ("ok", "warning") == (states["rsautil"], states["terminal"])


def test_check_that_fails(onbox: Onbox) -> None:
    """What would refuse a run is exit code 3, and the other checks are made all the same."""
    onbox.machine.rsautil.chmod(0o777)
    run = onbox("check")

    assert 3 == run.exit_code
    assert "could be changed by somebody else" in " ".join(run.screen.split())
    assert "Not ready" in run.screen
    assert " journal " in run.screen


def test_check_with_wrong_settings(onbox: Onbox) -> None:
    """They are a finding like any other."""
    onbox.machine.config.write_text("nonsense = 1")
    found = parsed(onbox.without_terminal("check", "--json"))

    assert 3 == found["exit_code"]
    assert ["settings"] == [each["check"] for each in found["findings"]]  # type: ignore[attr-defined]


def test_resync_as_json(onbox: Onbox) -> None:
    """A refusal is one object too."""
    found = parsed(onbox.without_terminal("resync", "--json"))

    assert ("resync", "refused", 3) == (found["command"], found["outcome"], found["exit_code"])


def test_an_error_is_one_line(onbox: Onbox) -> None:
    """What happened and what to do, on standard error, with the documented exit code."""
    file = onbox.home / "report"
    file.touch()
    run = onbox.without_terminal("check", "--report", str(file), "--json")

    assert 3 == run.exit_code
    assert "" == run.screen
    assert f"onbox: There is a file {file} already. Name a new file behind --report." == run.errors.splitlines()[-1]


def test_an_unexpected_error_shows_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a traceback nor its text, which could hold a secret; only its name."""

    def broken(**_: str) -> None:
        raise RuntimeError("Rehearsal-1!")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as ending:
        cli.main()
    shown = capsys.readouterr()

    assert 3 == ending.value.code
    assert "onbox itself failed (RuntimeError)" in shown.err
    assert "Rehearsal-1!" not in shown.out + shown.err


def test_an_output_that_takes_nothing_leaves_no_complaint(onbox: Onbox) -> None:
    """A full disk or a closed pipe behind the output must not end in a traceback."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            onbox.command("check"),
            env=onbox.environment(),
            cwd=onbox.home,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert 0 == done.returncode
    assert "" == done.stderr
