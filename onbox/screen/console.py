"""The screen: plain text in one column.

Results go to standard output; under --json that is one object and everything else goes to standard error.
"""

import io
import os
import select
import signal
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import TextIO

from onbox.messages import Message
from onbox.printable import harmless
from onbox.screen.result import Ending, Row

_NARROWEST, _WIDEST = 40, 100
_TEXT = 14  # the column in which every text begins
_REFRESH_SECONDS = 0.25
_MARKS = {"": "", "ok": "ok", "warning": "!", "error": "!!", "busy": ".."}
_UNICODE_MARKS = _MARKS | {"ok": "\u2713", "error": "\u2717"}
_COLOURS = {"ok": "32", "warning": "33", "error": "31", "busy": "36"}
_SPINNER = "|/-\\"


def _speaks_utf8() -> bool:
    overall, kind, default = (os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    # In the C locale, Python itself sets LC_CTYPE to C.UTF-8; nobody has chosen it.
    chosen = overall or kind.removeprefix("C.UTF-8") or default
    return "UTF8" in chosen.upper().replace("-", "")


class Console:
    """The screen of one command."""

    def __init__(
        self, *, json: bool = False, waiting: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """Write to standard output, or with JSON to standard error, in the way that suits its other side.

        WAITING is entered around what may wait for the screen, so that a signal can end the wait.
        """
        # Python has no stream at all if the output was closed.
        self._stream: TextIO = (sys.stderr if json else sys.stdout) or io.StringIO()
        with suppress(AttributeError):
            self._stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        self._waiting = waiting
        term = os.environ.get("TERM", "")
        self._unicode = _speaks_utf8()
        self._can_return = self._stream.isatty() and term not in ("", "dumb", "unknown")
        self._coloured = self._can_return and not os.environ.get("NO_COLOR")
        self._marks = _UNICODE_MARKS if self._can_return and self._unicode and term != "linux" else _MARKS
        self._drawn = 0  # columns of the line of progress that stands on the screen

    def _columns(self) -> int:
        """Give the columns that can be used now; the last one stays empty, because some consoles wrap there."""
        with suppress(OSError, ValueError):
            if columns := os.get_terminal_size(self._stream.fileno()).columns:
                return columns - 1
        return 79

    def _width(self) -> int:
        return min(max(self._columns(), _NARROWEST), _WIDEST)

    def _write(self, text: str) -> None:
        """Write TEXT as soon as the screen takes it, in the background too."""
        # A terminal with `stty tostop` stops a background process that writes, unless it blocks this signal.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            # A terminal that is gone must not end a run that is changing something.
            with self._waiting(), suppress(OSError):
                self._stream.write(self._over_progress("") + text)
                self._stream.flush()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._drawn = 0

    def _over_progress(self, line: str) -> str:
        """Give what replaces the line of progress that stands on the screen by LINE."""
        room = self._columns()
        over = line[:room].ljust(min(self._drawn, room))
        return f"\r{over}" + ("" if line else "\r") if over else ""

    def _shown(self, text: str) -> str:
        text = harmless(text)
        return text if self._unicode else text.encode("ascii", "backslashreplace").decode("ascii")

    def _mark(self, state: str) -> str:
        padded = f"{self._marks[state]:<2}"
        return f"\x1b[{_COLOURS[state]}m{padded}\x1b[0m" if self._coloured and state else padded

    def _wrapped(self, text: str, indent: int) -> list[str]:
        # A word that is too long for a line, a path or a key, is left to the screen: cut, it could not be copied.
        width = self._width() - indent
        return textwrap.wrap(self._shown(text), width, break_on_hyphens=False, break_long_words=False) or [""]

    def _row(self, head: str, detail: str) -> str:
        first, *others = self._wrapped(detail, _TEXT)
        return f"{head}{first}".rstrip() + "\n" + "".join(f"{' ' * _TEXT}{line}\n" for line in others)

    def say(self, text: str = "", *, indent: int = 0) -> None:
        """Say TEXT, wrapped to the screen."""
        self._write("".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in self._wrapped(text, indent)))

    def step(self, state: str, name: str, detail: str = "") -> None:
        """Show a step of the work; its STATE is ok, warning, error, busy or none."""
        self._write(self._row(f"{self._mark(state)} {name:<10} ", detail))

    def result(self, rows: Sequence[Row], words: Message) -> None:
        """Show ROWS, what WORDS say of them, and what to do next."""
        for state, name, text in rows:
            self.step(state, name, text)
        warned = "warning" if "warning" in {state for state, _, _ in rows} else "ok"
        self.step("error" if words.exit_code else warned, "Result", words.what)
        self.step("", "Next", words.advice)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values, one under the other."""
        for name, value in rows:
            self._write(self._row(f"{name:<13} ", value))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show ROWS below the names of their COLUMNS; the last column is cut where the screen ends."""
        shown = [tuple(columns), *(tuple(self._shown(cell) for cell in row) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        for row in shown:
            line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self._write(line[: self._width()].rstrip() + "\n")

    @contextmanager
    def working(self, name: str, detail: str) -> Iterator[Callable[[float], None]]:
        """Show that NAME takes its time; the function it gives shows the seconds that it is called with.

        Nothing is shown that the screen cannot take at once.
        """
        with _without_waiting(self._stream) as draw:
            draw(self._row(f"{self._mark('busy')} {name:<10} ", detail))
            shown = -1.0

            def tick(seconds: float) -> None:
                nonlocal shown
                if self._can_return and seconds - shown >= _REFRESH_SECONDS:
                    shown = seconds
                    mark = _SPINNER[int(seconds / _REFRESH_SECONDS) % len(_SPINNER)]
                    line = f"{mark}  {name:<10} {seconds:.0f} s"  # so short that few screens are too narrow for it
                    if draw(self._over_progress(line)):
                        self._drawn = len(line)

            yield tick

    def ending(self, ending: Ending) -> None:
        """Show how a run ended."""
        for state, name, text in ending.rows():
            self.step(state, name, text)
        if ending.unrecorded:
            # As it is, to be kept or piped on; it is ASCII without control characters.
            self._write(ending.unrecorded + "\n")


@contextmanager
def _without_waiting(stream: TextIO) -> Iterator[Callable[[str], bool]]:
    """Give what writes to STREAM as much as it takes at once, and says whether it took anything.

    A terminal with room for one byte calls itself ready, and then a longer write may wait (measured on Linux 6).
    So the controlling terminal is opened once more, in a way that never waits; of other outputs a pipe is the usual
    one, which has room for 4 KiB if it calls itself ready.
    """
    with ExitStack() as opened:
        target, is_own = -1, False
        with suppress(OSError, ValueError):
            target = stream.fileno()
            os.tcgetpgrp(target)  # fails if it is not the controlling terminal
            target, is_own = os.open("/dev/tty", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), True
            opened.callback(os.close, target)

        def draw(text: str) -> bool:
            with suppress(OSError, ValueError):
                in_background = is_own and os.tcgetpgrp(target) != os.getpgrp()
                if not in_background and select.select([], [target], [], 0)[1]:
                    return os.write(target, text.encode("utf-8", "backslashreplace")) > 0
            return False

        yield draw
