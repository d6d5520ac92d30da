"""What the person sees and is asked.

Results go to standard output; under --json that is one object and everything else goes to standard error.
Questions are asked on the controlling terminal, wherever the outputs go.
"""

import getpass
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console as RichConsole
from rich.console import RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from onbox.ending import Ending
from onbox.errors import OnboxError
from onbox.secret import Secret

_NARROWEST, _WIDEST = 40, 100
_REFRESH_SECONDS = 0.5
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red", "busy": "cyan"}
_MARKS = {"ok": "ok", "warning": "!!", "error": "!!", "busy": ".."}
_UNICODE_MARKS = {"ok": "\u2713", "warning": "!", "error": "\u2717", "busy": "\u2026"}


def harmless(text: str) -> str:
    """Show TEXT so that no terminal acts on it: what is not printable becomes an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def _speaks_utf8() -> bool:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return "UTF8" in locale.upper().replace("-", "")


class Console:
    """The screen of one command."""

    def __init__(self, *, json: bool = False) -> None:
        """Write to standard output, or with JSON to standard error, as plainly as its other side demands."""
        stream: TextIO = sys.stderr if json else sys.stdout
        with suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
        term = os.environ.get("TERM", "")
        self._fancy = (
            stream.isatty() and _speaks_utf8() and "NO_COLOR" not in os.environ and term not in ("", "dumb", "unknown")
        )
        self._marks = _UNICODE_MARKS if self._fancy and term != "linux" else _MARKS
        self._out = RichConsole(
            file=stream,
            width=_width(stream),
            color_system="standard" if self._fancy else None,
            force_terminal=self._fancy,
            force_interactive=self._fancy,
            highlight=False,
            markup=False,
            emoji=False,
            safe_box=True,
            legacy_windows=False,
        )

    def _print(self, *what: RenderableType) -> None:
        # A terminal that is gone must not end a run that is changing something.
        with suppress(OSError):
            self._out.print(*what)

    def say(self, text: str = "", *, indent: int = 0) -> None:
        """Say TEXT, wrapped to the screen."""
        self._print(Padding(Text(self._shown(text)), (0, 0, 0, indent)) if text else Text())

    def _shown(self, text: str) -> str:
        text = harmless(text)
        return text if self._fancy else text.encode("ascii", "backslashreplace").decode("ascii")

    def step(self, state: str, name: str, detail: str = "") -> None:
        """Show a step of the work, its STATE being ok, warning, error or busy."""
        self._print(self._row(state, name, detail))

    def _row(self, state: str, name: str, detail: str) -> Table:
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=2)
        row.add_column(width=13)
        row.add_column(overflow="fold")
        row.add_row(Text(self._marks[state], _STYLES[state]), Text(name), Text(self._shown(detail)))
        return row

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values, one under the other."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=17)
        grid.add_column(overflow="fold")
        for name, value in rows:
            grid.add_row(Text("  " + name), Text(self._shown(value)))
        self._print(grid)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show ROWS below the names of their COLUMNS."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(self._shown(cell)) for cell in row))
        self._print(table)

    @contextmanager
    def working(self, name: str, detail: str) -> Iterator[Callable[[float], None]]:
        """Show that something takes its time; what is given back shows the seconds when it is called with them."""
        if not self._fancy:
            self.step("busy", name, detail)
            yield lambda _: None
            return
        shown = -1.0
        with Live(console=self._out, auto_refresh=False, transient=True) as live:

            def tick(seconds: float) -> None:
                nonlocal shown
                if seconds - shown >= _REFRESH_SECONDS:
                    shown = seconds
                    with suppress(OSError):
                        live.update(self._row("busy", name, f"{detail} ({seconds:.0f} s)"), refresh=True)

            yield tick

    def ending(self, ending: Ending) -> None:
        """Show how a run ended: what rsautil said, what happened, what was changed, and what to do next."""
        message = ending.message
        state = {"success": "ok", "unknown": "warning"}.get(ending.outcome, "error")
        for line in ending.evidence:
            self.say(f"rsautil: {line}", indent=4)
        for warning in ending.warnings:
            self.step("warning", "Note", warning)
        self.step(state, "Result", f"{message.what} {message.changed}".strip())
        self.step("busy", "Next", message.advice)
        self.say(f"run {ending.run}", indent=4)
        if ending.record:
            self._raw(ending.record)

    def _raw(self, text: str) -> None:
        """Give a line as it is, to be kept or piped on; it is ASCII without control characters."""
        with suppress(OSError):
            self._out.file.write(text + "\n")
            self._out.file.flush()

    def ask(self, question: str) -> str:
        """Ask QUESTION on the terminal and give the line that was typed, without spaces around it.

        Raises:
            OnboxError: when the terminal gives no answer (^D, or it is gone).
        """
        try:
            with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 - a device, not a path of ours
                terminal.write(question.encode("ascii", "backslashreplace"))
                line = terminal.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise OnboxError("not-answered")
        return line.decode("utf-8", "surrogateescape").strip()

    def ask_secret(self, question: str) -> Secret:
        """Ask QUESTION on the terminal with echo off.

        Raises:
            OnboxError: when the terminal gives no answer, or can't be kept from showing it.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", getpass.GetPassWarning)
                return Secret(getpass.getpass(question))
        except (EOFError, OSError, getpass.GetPassWarning):
            raise OnboxError("not-answered") from None


def _width(stream: TextIO) -> int:
    """Give the width to write for, whatever COLUMNS says."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return min(max(columns or 80, _NARROWEST), _WIDEST)
