"""The line that a program is writing, as a screen would show it."""

import codecs
import re
from collections.abc import Callable

# The longest line that is read; the rest of a longer one is dropped.
LONGEST = 8192
_TAB = 8
# An escape sequence that never ends is taken for text after this many characters.
_LONGEST_ESCAPE = 4096
_TOKENS = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<command>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b\r\n]*(?:\x07|\x1b\\|(?=[\r\n\x1b])|\Z)"  # the title of a window and the like
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>[\x00-\x1f\x7f])"
    r"|(?P<text>[^\x00-\x1f\x7f]+)"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\r\n]*\x1b?|[ -/]*)?\Z")
_FIRST_NUMBER = re.compile(r"\d{1,5}")
# The control sequences that leave the row, and where they go.
_ROWS = {"A": -1, "B": 1, "E": 1, "F": -1, "H": 1, "d": 1, "f": 1}
# C1 controls, marks of direction and characters without a width: no screen shows them.
INVISIBLE = re.compile("[\x80-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Line:
    """Draws what a program writes, and hands over each line that is finished.

    A line is finished by a line feed, or when the cursor leaves its row. `row` counts the rows, so that a program
    that moves up and draws a row again can be told from one that writes a new row.
    """

    def __init__(self, finished: Callable[[int, str], object]) -> None:
        """Call FINISHED with the row and the text of each finished line."""
        self._finished = finished
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._pending = ""
        self._cells: list[str] = []
        self.row = self.column = 0
        self.cut = False

    @property
    def text(self) -> str:
        """The line so far, without blanks at its end; bytes that are not UTF-8 are surrogates."""
        return "".join(self._cells).rstrip()

    def feed(self, data: bytes) -> None:
        """Draw DATA, which may begin and end anywhere in a character or an escape sequence."""
        text = self._pending + self._decode(data)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished and len(text) - unfinished.start() < _LONGEST_ESCAPE else len(text)
        self._pending = text[end:]
        for token in _TOKENS.finditer(text, 0, end):
            if token["text"]:
                self._write(INVISIBLE.sub("", token["text"]))
            elif token["command"]:
                self._obey(token["command"], _FIRST_NUMBER.search(token["numbers"]))
            elif token["control"]:
                self._control(token["control"])

    def leave(self, rows: int = 1, column: int = 0) -> None:
        """Finish the line, and go on ROWS below (above, if negative) in COLUMN."""
        text = self.text
        row = self.row
        self._cells.clear()
        self.row += rows
        self.column = column
        self._finished(row, text)

    def _control(self, character: str) -> None:
        if character in "\n\v\f":
            self.leave()
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character == "\t":
            self.column = min(self.column + _TAB - self.column % _TAB, LONGEST)

    def _write(self, text: str) -> None:
        room = LONGEST - self.column
        if len(text) > room:
            text = text[:room]
            self.cut = True
        self._reach(self.column)
        self._cells[self.column : self.column + len(text)] = text
        self.column += len(text)

    def _reach(self, column: int) -> None:
        self._cells += " " * (column - len(self._cells))

    def _obey(self, command: str, number: re.Match[str] | None) -> None:
        """Do what a control sequence says: ECMA-48 gives the letters, and 1 for a number that is left out."""
        count = min(max(int(number[0]), 1), LONGEST) if number else 1
        if command in _ROWS:
            self.leave(_ROWS[command] * count, self.column if command in "ABd" else 0)
        elif command in "CDG`":
            column = {"C": self.column + count, "D": self.column - count}.get(command, count - 1)
            self.column = min(max(column, 0), LONGEST)
        elif command in "JK":
            which = number[0] if number else "0"
            self._erase(self.column if which == "0" else 0, self.column + 1 if which == "1" else LONGEST)
        elif command == "X":
            self._erase(self.column, self.column + count)

    def _erase(self, begin: int, end: int) -> None:
        self._cells[begin:end] = " " * len(self._cells[begin:end])
