"""The diagnostic log says where and how long, and never shows a value."""

from __future__ import annotations

import os
import re
import sys

import pytest

from onbox.diagnostics import Diagnostics, traceback_of

SENTINEL = "Sentinel-1!"


def fail(password: str) -> None:
    """Fail with a value in the text, in an argument and in the error before it."""
    try:
        int(password)
    except ValueError as error:
        raise RuntimeError(f"with {password}") from error


def caught() -> Exception:
    """Return an error that went through two functions."""
    try:
        fail(SENTINEL)
    except RuntimeError as error:
        return error
    raise AssertionError


def test_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Each step is one line with its seconds, also when it fails."""
    log = Diagnostics(verbose=True)

    with pytest.raises(ZeroDivisionError), log.step("first step"):
        raise ZeroDivisionError

    output = capsys.readouterr()
    assert "" == output.out
    assert re.fullmatch(r'event=step name="first step" seconds=0\.0\d*\n', output.err)


def test_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected error shows its kind and the places it went through."""
    Diagnostics(verbose=True).failure(caught())

    shown = capsys.readouterr().err
    assert re.fullmatch(r"event=unexpected error=RuntimeError frames=.*test_diagnostics:\d+.*\n", shown)
    assert SENTINEL not in shown


def test_traceback() -> None:
    """The innermost place is the last one; files and values aren't shown."""
    places = traceback_of(caught())

    assert [f"{__name__}:"] * 2 == [place.rstrip("0123456789") for place in places]
    assert caught.__code__.co_firstlineno < int(places[0].rpartition(":")[2])
    assert fail.__code__.co_firstlineno < int(places[1].rpartition(":")[2]) < caught.__code__.co_firstlineno
    assert [] == traceback_of(ValueError(SENTINEL))


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --verbose there is no log."""
    log = Diagnostics(verbose=False)

    with log.step("step"):
        log.failure(caught())

    assert ("", "") == capsys.readouterr()


def test_lost_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that nobody can read any more does not end the run."""
    reading, writing = os.pipe()
    os.close(reading)
    gone = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stderr", gone)
    log = Diagnostics(verbose=True)
    done = False

    with log.step("update"):
        done = True
    log.failure(caught())

    with pytest.raises(BrokenPipeError):
        gone.close()
    assert done
