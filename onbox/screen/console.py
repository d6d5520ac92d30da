"""What the person sees and is asked, as plain text in one column.

Results go to standard output; under --json that is one object and everything else goes to standard error.
Questions are asked on the controlling terminal, wherever the outputs go.
"""

import getpass
import io
import os
import signal
import sys
import termios
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

from onbox.errors import OnboxError
from onbox.printable import harmless
from onbox.screen.result import Ending
from onbox.secret import Secret

_NARROWEST, _WIDEST = 40, 100
_TERMINAL = Path("/dev/tty")
_TEXT = 14  # the column in which every text begins
_REFRESH_SECONDS = 0.25
_MARKS = {"ok": "ok", "warning": "!", "error": "!!", "busy": "..", "": ""}
_UNICODE_MARKS = {"ok": "\u2713", "warning": "!", "error": "\u2717", "busy": "..", "": ""}
_COLOURS = {"ok": "32", "warning": "33", "error": "31", "busy": "36"}
_SPINNER = "|/-\\"


def clipped(text: str, width: int) -> str:
    """Cut TEXT to WIDTH characters, in the middle: its beginning says what, and its end how much."""
    if len(text) <= width:
        return text
    tail = width // 3
    return f"{text[: width - tail - 5].rstrip()} ... {text[-tail:].lstrip()}"


def _speaks_utf8() -> bool:
    kind = os.environ.get("LC_CTYPE", "")
    # In the C locale, Python itself sets LC_CTYPE to this; nobody has chosen it.
    chosen = "" if kind == "C.UTF-8" else kind
    locale = os.environ.get("LC_ALL") or chosen or os.environ.get("LANG") or ""
    return "UTF8" in locale.upper().replace("-", "")


class Console:
    """The screen of one command."""

    def __init__(self, *, json: bool = False) -> None:
        """Write to standard output, or with JSON to standard error, as plainly as its other side demands."""
        # Python has no stream at all for an output that was closed.
        self._stream: TextIO = (sys.stderr if json else sys.stdout) or io.StringIO()
        with suppress(AttributeError):
            self._stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        term = os.environ.get("TERM", "")
        self._fancy = (
            self._stream.isatty()
            and _speaks_utf8()
            and not os.environ.get("NO_COLOR")
            and term not in ("", "dumb", "unknown")
        )
        self._marks = _UNICODE_MARKS if self._fancy and term != "linux" else _MARKS
        self._width = _width(self._stream)

    def _write(self, text: str) -> None:
        # A terminal that is gone must not end a run that is changing something.
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()

    def _shown(self, text: str) -> str:
        text = harmless(text)
        return text if self._fancy else text.encode("ascii", "backslashreplace").decode("ascii")

    def _mark(self, state: str, mark: str) -> str:
        padded = f"{mark:<2}"
        return f"\x1b[{_COLOURS[state]}m{padded}\x1b[0m" if self._fancy and state else padded

    def _row(self, head: str, detail: str) -> None:
        first, *others = textwrap.wrap(self._shown(detail), self._width - _TEXT, break_on_hyphens=False) or [""]
        self._write(f"{head}{first}".rstrip() + "\n" + "".join(f"{' ' * _TEXT}{line}\n" for line in others))

    def say(self, text: str = "", *, indent: int = 0) -> None:
        """Say TEXT, wrapped to the screen."""
        lines = textwrap.wrap(self._shown(text), self._width - indent, break_on_hyphens=False) or [""]
        self._write("".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in lines))

    def step(self, state: str, name: str, detail: str = "") -> None:
        """Show a step of the work, its STATE being ok, warning, error, busy or none."""
        self._row(f"{self._mark(state, self._marks[state])} {name:<10} ", detail)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values, one under the other."""
        for name, value in rows:
            self._row(f"{name:<13} ", value)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show ROWS below the names of their COLUMNS; the last column is cut where the screen ends."""
        shown = [tuple(columns), *(tuple(self._shown(cell) for cell in row) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self._write(line[: self._width].rstrip() + "\n")

    @contextmanager
    def working(self, name: str, detail: str) -> Iterator[Callable[[float], None]]:
        """Show that something takes its time; what is given back shows the seconds when it is called with them."""
        if not self._fancy:
            self.step("busy", name, detail)
            yield lambda _: None
            return
        shown = -1.0

        def tick(seconds: float) -> None:
            nonlocal shown
            if seconds - shown >= _REFRESH_SECONDS:
                shown = seconds
                mark = self._mark("busy", _SPINNER[int(seconds / _REFRESH_SECONDS) % len(_SPINNER)])
                text = clipped(f"{detail} ({seconds:.0f} s)", self._width - _TEXT)
                self._write(f"\r{mark} {name:<10} {text}\x1b[K")

        try:
            yield tick
        finally:
            self._write("\r\x1b[K")

    def ending(self, ending: Ending) -> None:
        """Show how a run ended: what rsautil said, what happened, what was changed, and what to do next."""
        for line in ending.essence():
            self.step("", "rsautil", clipped(self._shown(line), self._width - _TEXT))
        for warning in ending.warnings:
            self.step("warning", "Note", warning)
        self.step(ending.state, "Result", ending.said)
        for name, text in ending.rows():
            self.step("", name, text)
        if ending.unrecorded:
            # As it is, to be kept or piped on; it is ASCII without control characters.
            self._write(ending.unrecorded + "\n")

    def ask(self, question: str) -> str:
        """Ask QUESTION on the terminal and give the line that was typed, without spaces around it.

        Raises:
            OnboxError: when the terminal gives no answer (^D, or it is gone).
        """
        with _own_line():
            with suppress(OSError), _TERMINAL.open("r+b", buffering=0) as terminal:
                terminal.write(question.encode("ascii", "backslashreplace"))
                line = terminal.readline()
                if line.endswith(b"\n"):
                    return line.decode("utf-8", "surrogateescape").strip()
            raise OnboxError("not-answered")

    def ask_secret(self, question: str) -> Secret:
        """Ask QUESTION on the terminal with echo off.

        Raises:
            OnboxError: when the terminal gives no answer or one that is not UTF-8, or can't be kept from showing it.
        """
        with _own_line(), warnings.catch_warnings(), _asked_again_after_a_pause(question):
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return Secret(getpass.getpass(question))
            except UnicodeDecodeError:
                raise OnboxError("password-unusable", detail="is not UTF-8") from None
            except (EOFError, OSError, getpass.GetPassWarning):
                raise OnboxError("not-answered") from None


@contextmanager
def _own_line() -> Iterator[None]:
    """End the line of a question that was left without an answer, so that what follows begins a new one."""
    try:
        yield
    except OnboxError:
        with suppress(OSError), _TERMINAL.open("wb", buffering=0) as terminal:
            terminal.write(b"\n")
        raise


@contextmanager
def _asked_again_after_a_pause(question: str) -> Iterator[None]:
    """Switch echo off again after ^Z and fg, for the shell in between has switched it on."""

    def ask_again(_number: int, _frame: FrameType | None) -> None:
        with _TERMINAL.open("r+b", buffering=0) as terminal:
            attributes = termios.tcgetattr(terminal)
            attributes[3] &= ~termios.ECHO
            termios.tcsetattr(terminal, termios.TCSAFLUSH, attributes)
            terminal.write(question.encode("ascii", "backslashreplace"))

    before = signal.signal(signal.SIGCONT, ask_again)
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def _width(stream: TextIO) -> int:
    """Give the width to write for, whatever COLUMNS says; the last column stays empty, where some consoles wrap."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return min(max((columns or 80) - 1, _NARROWEST), _WIDEST)
