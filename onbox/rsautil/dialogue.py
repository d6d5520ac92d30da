"""The prompts of a command on its terminal, and the lines that it writes.

The program that reads the password may be the JVM's console, a line editor that draws its prompt again and again, or a
shell. So a question is a prompt at rest on the line as a screen would show it (docs/appliance.md).
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from onbox.secret import REDACTED, Fingerprint

# A reader may drop what was typed before it was ready; one that runs `stty` on a busy machine needs 0.1 s and more.
REST_SECONDS = 0.3
_MOST_BEFORE, _MOST_AFTER = 100, 400
# The longest line that is read; an ellipsis stands for the rest of a longer one.
LONGEST = 8192
_TAB = 8
# One character repeated, with or without blanks between: what readers show in place of a password.
_MASK = re.compile(r"\A\s*(?:([^\w\s%])(?:\s*\1)+|%{3,}|[^\w\s%](?=\s|\Z)|(\w)\2{3,})?\s*")
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
# The control characters and sequences that leave the row, and where they go.
_ROWS = {"\n": 1, "\v": 1, "\f": 1, "A": -1, "B": 1, "E": 1, "F": -1, "H": 1, "d": 1, "f": 1}
# C1 controls, marks of direction and characters without a width: no screen shows them.
INVISIBLE = re.compile("[\x80-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")

Ending = Literal["exited", "not-started", "not-ended", "stood-still", "timeout", "asked-again"]


@dataclass(frozen=True)
class Transcript:
    """The output of a command, and its end.

    `before` and `after` are its lines before and after the last of its prompts was answered, as a screen shows them
    and with every secret in them; `sent` tells whether it was answered. Exactly one of `exit_code` and `signal` is set
    if the command ended by itself; `seconds` is how long it took, `problem` why it was not started.
    """

    ending: Ending
    before: tuple[str, ...] = field(default=(), repr=False)
    after: tuple[str, ...] = field(default=(), repr=False)
    sent: bool = False
    exit_code: int | None = None
    signal: int | None = None
    seconds: float = 0.0
    problem: str = ""


class Line:
    """The line that a program is writing, as a screen would show it; each one that is finished is handed over.

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
            elif command := token["command"] or token["control"]:
                self._obey(command, _FIRST_NUMBER.search(token["numbers"] or ""))

    def leave(self, rows: int = 1, column: int = 0) -> None:
        """Finish the line, and go on ROWS below (above, if negative) in COLUMN."""
        row, text = self.row, self.text
        self._cells.clear()
        self.row += rows
        self.column = column
        self._finished(row, text)

    def _write(self, text: str) -> None:
        self._cells += " " * (self.column - len(self._cells))
        self._cells[self.column : self.column + len(text)] = text
        if len(self._cells) > LONGEST:
            self._cells[LONGEST:] = "\u2026"
        self.column = min(self.column + len(text), LONGEST)

    def _obey(self, command: str, number: re.Match[str] | None) -> None:
        """Do what a control character or sequence says: ECMA-48 gives the letters, and 1 for a number left out."""
        count = min(max(int(number[0]), 1), LONGEST) if number else 1
        moves = {"\b": -1, "\t": _TAB - self.column % _TAB, "C": count, "D": -count}
        if command in _ROWS:
            self.leave(_ROWS[command] * count, self.column if command in "ABd" else 0)
        elif command in moves:
            self.column = min(max(self.column + moves[command], 0), LONGEST)
        elif command in "\rG`":
            self.column = count - 1
        elif command in "JKX":
            which = "X" if command == "X" else number[0] if number else "0"
            here, end = self.column, len(self._cells)
            begin, end = {"0": (here, end), "1": (0, here + 1), "X": (here, here + count)}.get(which, (0, end))
            self._cells[begin:end] = " " * len(self._cells[begin:end])


@dataclass(frozen=True)
class Question:
    """A prompt on the screen: its row, the column it begins in, and the text of the row up to its end."""

    prompt: str
    row: int
    column: int
    line: str


class Dialogue:
    """Tells what the command asks on the `line` that it is writing, and keeps the lines that it finished.

    `before` is what stood on the screen before the last of the PROMPTS was answered, `after` what came behind;
    `sent` tells whether it was answered. `asked_again` tells whether a prompt came back after its answer.
    """

    def __init__(self, prompts: tuple[str, ...]) -> None:
        """Look for PROMPTS, in any order and case."""
        self._prompts = prompts
        self.line = Line(self._keep)
        self._resting: Question | None = None
        self._since = 0.0
        self._last: tuple[Question, int, Fingerprint] | None = None
        # For each answered prompt the row, and the column that the cursor had reached.
        self._answered: dict[str, tuple[int, int]] = {}
        self.before: list[str] = []
        self.after: list[str] = []
        self.sent = self.asked_again = False

    def question(self, now: float) -> Question | None:
        """Give the question to answer at the time NOW, in seconds; None as long as none is at rest.

        A prompt that comes back is never given: another answer would count towards a lockout.
        """
        shown = self._shown()
        if self._resting is None or shown not in (None, self._resting) or not self._still_shows(self._resting):
            self._resting, self._since = shown, now
        if shown is None or shown != self._resting or now - self._since < REST_SECONDS:
            return None
        self.asked_again = self.asked_again or self._repeats(shown)
        return None if shown.prompt in self._answered else shown

    def answer(self, question: Question, typed: bytes) -> None:
        """Note that QUESTION, at rest, was answered with TYPED: a new line begins at the column reached."""
        column = self.line.column
        self.line.leave(0, column)
        self._last = question, column, Fingerprint(typed)
        self._answered[question.prompt] = question.row, column
        self._resting = None
        self.sent = self.sent or question.prompt == self._prompts[-1]

    def end(self) -> None:
        """Take the last line, which may have no end; a prompt there is at rest for good."""
        shown = self._shown()
        self.asked_again = self.asked_again or (shown is not None and self._repeats(shown))
        if self.line.text:
            self.line.leave()

    def _shown(self) -> Question | None:
        text = self.line.text
        for prompt in self._prompts:
            if text[-len(prompt) :].lower() == prompt.lower():
                return Question(prompt, self.line.row, len(text) - len(prompt), text)
        return None

    def _still_shows(self, question: Question) -> bool:
        """Tell whether the row shows nothing but QUESTION, whole or in part, or blanks in its place."""
        row, text = self.line.row, self.line.text
        drawn = zip(text, question.line, strict=False)
        return (
            row == question.row and len(text) <= len(question.line) and all(now in (" ", then) for now, then in drawn)
        )

    def _repeats(self, shown: Question) -> bool:
        """Tell a question asked again from one that is drawn again in its place, and from a new one."""
        place = self._answered.get(shown.prompt)
        return place is not None and (shown.row, shown.column) >= place

    def _keep(self, row: int, text: str) -> None:
        if self._last and row == self._last[0].row:
            text = _behind_answer(*self._last, text)
        kept, most = (self.after, _MOST_AFTER) if self.sent else (self.before, _MOST_BEFORE)
        if len(kept) <= most and (self.sent or text.strip()):
            # In the form of a number of rows, so that the lines left out can't pass for harmless ones.
            kept.append(text if len(kept) < most else f"({most} lines were kept; onbox dropped the others)")


def _behind_answer(question: Question, column: int, typed: Fingerprint, text: str) -> str:
    """Give what TEXT, the row of QUESTION, shows from COLUMN on, behind the mask or the echo of what was TYPED."""
    drawn_again = text[:column].strip()
    if drawn_again and drawn_again not in (question.line.strip(), question.line[question.column :].strip()):
        return text
    behind = _MASK.sub("", text[column:])
    without = typed.redact(behind)
    return without.removeprefix(REDACTED) if without.startswith(REDACTED) else behind
