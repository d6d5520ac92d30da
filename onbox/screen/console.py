"""The screen: plain text in one column.

Results go to standard output; under --json that is one object and everything else goes to standard error.
"""

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TextIO

from onbox.audit.record import canonical
from onbox.errors import Message
from onbox.printable import harmless
from onbox.screen.result import Ending, Row

_NARROWEST, _WIDEST = 40, 100
_TEXT = 14  # the column in which every text begins
# The mark of each state, and its colour.
_MARKS = {"": ("", ""), "ok": ("ok", "32"), "warning": ("!", "33"), "error": ("!!", "31")}
_WITHOUT_WAITING = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

Waiting = Callable[[], AbstractContextManager[None]]


class Console:
    """The screen of one command."""

    def __init__(self, *, json: bool = False, waiting: Waiting = nullcontext) -> None:
        """Write to standard output, or with JSON to standard error, in the way that suits its other side.

        WAITING is entered around what may take time, so that a signal can end it.
        """
        # Python has no stream at all if the output was closed.
        self._stream: TextIO = (sys.stderr if json else sys.stdout) or io.StringIO()
        self._waiting = waiting
        term, locale = os.environ.get("TERM", ""), (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
        self._encoding = "utf-8" if "UTF8" in next(filter(None, locale), "").upper().replace("-", "") else "ascii"
        self._can_return = self._stream.isatty() and term not in ("", "dumb", "unknown")
        self._coloured = self._can_return and not os.environ.get("NO_COLOR")
        self._drawn = 0  # columns of the line of progress that stands on the screen

    def _columns(self) -> int:
        """Give the columns that can be used now; the last one stays empty, because some consoles wrap there."""
        return shutil.get_terminal_size().columns - 1

    def _write(self, text: str) -> None:
        """Write TEXT as soon as the screen takes it."""
        gone = f"\r{' ' * min(self._drawn, self._columns())}\r" if self._drawn else ""
        # A terminal that is gone must not end a run that is changing something.
        with self._waiting(), suppress(OSError):
            self._stream.write(gone + text)
            self._stream.flush()
        self._drawn = 0

    def _shown(self, text: str) -> str:
        return harmless(text).encode(self._encoding, "backslashreplace").decode(self._encoding)

    def _row(self, head: str, text: str) -> str:
        """Give TEXT behind HEAD, wrapped to the screen in a column of its own."""
        width = min(max(self._columns(), _NARROWEST), _WIDEST) - _TEXT
        # A word that is too long for a line, a path or a key, is left to the screen: cut, it could not be copied.
        lines = textwrap.wrap(self._shown(text), width, break_on_hyphens=False, break_long_words=False)
        return (head + f"\n{' ' * _TEXT}".join(lines)).rstrip() + "\n"

    def step(self, state: str, name: str, detail: str) -> None:
        """Show a step of the work; its STATE is ok, warning, error or none."""
        mark, colour = _MARKS[state]
        padded = f"\x1b[{colour}m{mark:<2}\x1b[0m" if self._coloured and mark else f"{mark:<2}"
        self._write(self._row(f"{padded} {name:<10} ", detail))

    def result(self, rows: Sequence[Row], words: Message, changed: str = "") -> None:
        """Show ROWS, what WORDS say of them, what was CHANGED on the appliance, and what to do next."""
        for state, name, text in rows:
            self.step(state, name, text)
        success = "warning" if any(state == "warning" for state, _, _ in rows) else "ok"
        state = {"success": success, "unknown": "warning"}.get(words.exit_code.outcome, "error")
        self.step(state, "Result", " ".join(filter(None, (words.what, changed, f"({words.code})"))))
        if words.advice:
            self.step("", "Next", words.advice)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values, one under the other."""
        self._write("".join(self._row(f"{name:<13} ", value) for name, value in rows))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show ROWS below the names of their COLUMNS; the last column is cut where the screen ends."""
        shown = [tuple(columns), *(tuple(self._shown(cell) for cell in row) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self._write(line[: self._columns()].rstrip() + "\n")

    def working(self, name: str, detail: str) -> Callable[[float], None]:
        """Show that NAME takes its time; the function it gives shows the seconds that it is called with.

        Nothing is shown that the screen cannot take at once.
        """
        self._draw(self._row(f".. {name:<10} ", detail))
        shown = -1

        def tick(seconds: float) -> None:
            nonlocal shown
            with self._waiting():
                if self._can_return and int(seconds) > shown:
                    shown = int(seconds)
                    line = f"   {name:<10} {shown} s"[: self._columns()]
                    self._draw(f"\r{line}")
                    self._drawn = len(line)

        return tick

    def ending(self, ending: Ending) -> None:
        """Show how a run ended."""
        self.result([*ending.rows()], ending.message, ending.message.exit_code.changed)
        if ending.record:
            # As it is, to be kept or piped on; it is ASCII without control characters.
            self._write(canonical(ending.record) + "\n")

    def _draw(self, text: str) -> None:
        """Write TEXT to the controlling terminal if it takes it at once.

        A terminal with room for one byte calls itself ready, and then a longer write may wait (measured on Linux 6).
        So the terminal is opened once more, in a way that never waits.
        """
        with suppress(OSError), os.fdopen(os.open("/dev/tty", _WITHOUT_WAITING), "wb", buffering=0) as terminal:
            terminal.write(text.encode("ascii", "backslashreplace"))
