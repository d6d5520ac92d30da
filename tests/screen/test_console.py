"""The screen, on terminals and elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from onbox.screen.console import Console

if TYPE_CHECKING:
    from rehearsal import Onbox

UTF8 = {"TERM": "xterm", "LANG": "en_US.UTF-8"}
GREEN = "\x1b[32mok\x1b[0m"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment say nothing about the screen but its width."""
    for name in ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (UTF8, f"{GREEN} Update     \u00e9\n"),
        (UTF8 | {"NO_COLOR": "1"}, "ok Update     \u00e9\n"),
        (UTF8 | {"NO_COLOR": ""}, f"{GREEN} Update     \u00e9\n"),
        (UTF8 | {"TERM": "dumb"}, "ok Update     \u00e9\n"),
        ({"LANG": "en_US.UTF-8"}, "ok Update     \u00e9\n"),
        (UTF8 | {"LANG": "C"}, f"{GREEN} Update     \\xe9\n"),
        (UTF8 | {"LC_ALL": "C"}, f"{GREEN} Update     \\xe9\n"),
        (UTF8 | {"LANG": "C", "LC_CTYPE": "de_DE.utf8"}, f"{GREEN} Update     \u00e9\n"),
    ],
)
def test_the_screen_follows_the_terminal(
    environment: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Colours and umlauts each depend on what speaks against them, and on nothing else; a file gets no colours."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    Console(json=True).step("ok", "Update", "e")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Console().step("ok", "Update", "\u00e9")

    assert (expected, "ok Update     e\n") == capsys.readouterr()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=some.text(max_size=300))
def test_no_line_is_too_wide_or_ends_in_spaces(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every text fits 79 columns of 80, unless one word is too long, and no terminal acts upon it."""
    console = Console()
    console.step("ok", "Update", text)
    console.facts([("Note", text)])
    lines = capsys.readouterr().out.split("\n")

    assert all(len(line) <= 79 or " " not in line[20:].strip() for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert "".join(lines).isprintable()


def test_a_long_text_hangs_below_its_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The eye finds the names at the left, however wide the window is by now, and a key that proves is never cut."""
    key = '"auth_manager.cas.authentication.ha.seed_sync.marker_time"'
    console = Console()
    console.facts([("Reason", "word " * 20)])
    monkeypatch.setenv("COLUMNS", "20")
    console.step("", "rsautil", f"NOTICE:  Updated the parameter {key}")

    assert [
        "Reason        " + "word " * 12 + "word",
        " " * 14 + "word " * 6 + "word",
        "   rsautil    NOTICE:  Updated the",
        " " * 14 + "parameter",
        " " * 14 + key,
        "",
    ] == capsys.readouterr().out.split("\n")


def test_a_table_is_aligned_and_ends_with_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are as wide as they must be; what does not fit is cut."""
    Console().table(("a", "bb"), [("xxx", "y"), ("z", "w" * 100)])

    assert ["a    bb", "xxx  y", "z    " + "w" * 74, ""] == capsys.readouterr().out.split("\n")


@pytest.mark.parametrize(
    ("environment", "drawn", "erased"),
    [
        ({"NO_COLOR": "1"}, "\r   Update     1 s", "\r" + " " * 17 + "\r"),
        ({"COLUMNS": "15"}, "\r   Update     ", "\r" + " " * 14 + "\r"),
        ({"TERM": "dumb"}, "", ""),
    ],
)
def test_the_seconds_are_shown_on_one_line_that_goes(
    environment: dict[str, str], drawn: str, erased: str, onbox: Onbox
) -> None:
    """If the cursor can return to the line's beginning, the seconds are drawn, as far as the screen is wide."""
    onbox.machine.behave(update_delay=1.5)

    run = onbox("resync", answers=None, **environment)

    assert 0 == run.exit_code
    assert drawn + erased in run.screen
    assert bool(drawn) == ("\r" in run.screen)


def test_an_output_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has no stream at all if the output was closed."""
    monkeypatch.setattr(sys, "stdout", None)
    Console().step("ok", "still", "here")
