"""The screen, on real terminals and elsewhere."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onbox.screen.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPE = "\x1b"
UTF8 = {"TERM": "xterm", "LANG": "en_US.UTF-8"}


class Terminal:
    """A terminal of 80x25 in the place of standard output, and the person in front of it."""

    def __init__(self) -> None:
        """Open it."""
        self.person, other_side = os.openpty()
        self.other = open(self.person, "rb", buffering=0)  # noqa: PTH123, SIM115 - a descriptor, not a path
        termios.tcsetwinsize(other_side, (25, 80))
        self.stream = open(other_side, "w", encoding="utf-8")  # noqa: PTH123, SIM115

    def resize(self, columns: int) -> None:
        """Make the window narrower or wider."""
        termios.tcsetwinsize(self.person, (25, columns))

    def seen(self) -> str:
        """Return what was written since the last look."""
        seen = b""
        while select.select([self.person], [], [], 0.05)[0]:
            seen += os.read(self.person, 65536)
        return seen.decode().replace("\r\n", "\n")

    def close(self) -> None:
        """Let go of both sides."""
        for side in (self.stream, self.other):
            with suppress(OSError):
                side.close()


@contextmanager
def terminal(**environment: str) -> Iterator[Terminal]:
    """Put a terminal in the place of standard output, in an environment that says nothing else about it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        opened = Terminal()
        patch.setattr(sys, "stdout", opened.stream)
        try:
            yield opened
        finally:
            opened.close()


GREEN = f"{ESCAPE}[32m{{:<2}}{ESCAPE}[0m"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (UTF8, f"{GREEN.format(chr(0x2713))} Update     \u00e9\n"),
        (UTF8 | {"TERM": "linux"}, f"{GREEN.format('ok')} Update     \u00e9\n"),
        (UTF8 | {"NO_COLOR": "1"}, "\u2713  Update     \u00e9\n"),
        (UTF8 | {"NO_COLOR": ""}, f"{GREEN.format(chr(0x2713))} Update     \u00e9\n"),
        (UTF8 | {"TERM": "dumb"}, "ok Update     \u00e9\n"),
        ({"LANG": "en_US.UTF-8"}, "ok Update     \u00e9\n"),
        (UTF8 | {"LANG": "C"}, f"{GREEN.format('ok')} Update     \\xe9\n"),
        (UTF8 | {"LC_ALL": "C"}, f"{GREEN.format('ok')} Update     \\xe9\n"),
        (UTF8 | {"LANG": "C", "LC_CTYPE": "de_DE.utf8"}, f"{GREEN.format(chr(0x2713))} Update     \u00e9\n"),
        (UTF8 | {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, f"{GREEN.format('ok')} Update     \\xe9\n"),
    ],
)
def test_the_screen_follows_the_terminal(environment: dict[str, str], expected: str) -> None:
    """Colour, marks and umlauts each depend on what speaks against them, and on nothing else.

    Python sets LC_CTYPE=C.UTF-8 by itself in the C locale, so that one says nothing.
    """
    with terminal(**environment) as screen:
        Console().step("ok", "Update", "\u00e9")

        assert expected == screen.seen()


def test_a_redirected_output_is_plain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets no colours, and under JSON standard output stays free."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    Console().step("error", "Result", "No.")
    Console(json=True).step("error", "Result", "No.")

    assert ("!! Result     No.\n",) * 2 == capsys.readouterr()


@given(some.text(max_size=300), some.integers(0, 20))
def test_no_line_is_too_wide_or_ends_in_spaces(text: str, indent: int) -> None:
    """Every text fits 79 columns of 80, unless one word is too long, and no terminal acts upon it."""
    with terminal(TERM="dumb") as screen:
        console = Console()
        console.say(text, indent=indent)
        console.step("ok", "Update", text)
        console.facts([("Note", text)])
        lines = screen.seen().split("\n")

    assert all(len(line) <= 79 or " " not in line[20:].strip() for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert "".join(lines).isprintable()


def test_a_long_text_hangs_below_its_beginning() -> None:
    """The eye finds the names at the left, however wide the window is by now."""
    with terminal(**UTF8) as screen:
        console = Console()
        console.facts([("Reason", "word " * 20)])
        screen.resize(50)
        console.facts([("Reason", "word " * 10)])

        assert [
            "Reason        " + "word " * 12 + "word",
            " " * 14 + "word " * 6 + "word",
            "Reason        " + "word " * 6 + "word",
            " " * 14 + "word word word",
            "",
        ] == screen.seen().split("\n")


@pytest.mark.parametrize("columns", [80, 60, 40, 20])
def test_a_key_is_never_cut(columns: int) -> None:
    """The line that proves the update is wrapped between its words, also where the key is wider than the screen."""
    key = '"auth_manager.cas.authentication.ha.seed_sync.marker_time"'
    with terminal(**UTF8) as screen:
        screen.resize(columns)
        Console().step("", "rsautil", f'NOTICE:  Updated the configuration parameter {key} with the value "0"')

        assert key in screen.seen()


def test_a_table_is_aligned_and_ends_with_the_screen() -> None:
    """Columns are as wide as they must be; what does not fit is cut."""
    with terminal(**UTF8) as screen:
        Console().table(("a", "bb"), [("xxx", "y"), ("z", "w" * 100)])

        assert ["a    bb", "xxx  y", "z    " + "w" * 74, ""] == screen.seen().split("\n")


@pytest.mark.parametrize(
    ("environment", "drawn"),
    [
        (UTF8, ["|  Update     0 s", "|  Update     12 s"]),
        ({"TERM": "vt52", "NO_COLOR": "1"}, ["|  Update     0 s", "|  Update     12 s"]),
        ({"TERM": "dumb"}, []),
        ({"TERM": "unknown"}, []),
        ({}, []),
    ],
)
def test_the_seconds_are_shown_on_one_line_that_goes(environment: dict[str, str], drawn: list[str]) -> None:
    """If the cursor can return to the line's beginning, the seconds are drawn at most four times a second."""
    with terminal(**environment) as screen:
        console = Console()
        with console.working("Update", "silence") as tick:
            for seconds in (0, 0.1, 12):
                tick(seconds)
        begun, _, rest = re.sub(r"\x1b\[\d+m", "", screen.seen()).partition("\n")
        console.say("next")

        assert ".. Update     silence" == begun
        assert drawn == rest.split("\r")[1:]
        assert ("\r" + " " * 18 + "\r" if drawn else "") + "next\n" == screen.seen()


def test_a_narrower_screen_wraps_no_progress() -> None:
    """A line that is drawn again and again fits the width of the moment, so that no pile of lines grows."""
    with terminal(**UTF8) as screen, Console().working("Update", "silence") as tick:
        for seconds, columns in enumerate((80, 40, 15, 5, 1, 80)):
            screen.resize(columns)
            tick(seconds)
        widths = [len(line) for line in screen.seen().split("\n")[-1].split("\r")[1:]]

    assert [17, 17, 14, 4, 17] == widths


def test_progress_is_dropped_if_nobody_reads() -> None:
    """A pipe whose reader stands still gets no progress once it is full, and holds up nothing."""
    reader, writer = os.pipe()
    with open(writer, "w") as stream, pytest.MonkeyPatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stdout", stream)
        console = Console()
        for _ in range(2000):
            with console.working("Update", "silence " * 10):
                pass
        os.close(reader)


@pytest.mark.parametrize("gone", ["other side", "stream"])
def test_an_output_that_is_gone_ends_nothing(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is changing something goes on without a screen; Python has no stream at all if it was closed."""
    with terminal(**UTF8) as screen:
        console = Console()
        if gone == "other side":
            screen.other.close()
        elif gone == "stream":
            monkeypatch.setattr(sys, "stdout", None)
            console = Console()
        console.say("still here")
        with console.working("Update", "silence") as tick:
            tick(1)
