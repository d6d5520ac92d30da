"""The prompts of a command on its terminal, and the lines that it writes.

The program that reads the password may be the JVM's console, a line editor that draws its prompt again and again, or a
shell. So a question is a prompt at rest on the line as a screen would show it (docs/appliance.md).
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from onbox.fingerprint import REDACTED, Fingerprint
from onbox.rsautil.line import Line

# A reader may drop what was typed before it was ready; one that runs `stty` on a busy machine needs 0.1 s and more.
REST_SECONDS = 0.3
_MOST_BEFORE, _MOST_AFTER = 100, 400
# One character repeated, with or without blanks between: what readers show in place of a password.
_MASK = re.compile(r"\A\s*(?:([^\w\s%])(?:\s*\1)+|%{3,}|[^\w\s%](?=\s|\Z)|(\w)\2{3,})?\s*")


Ending = Literal["exited", "not-started", "not-ended", "stood-still", "timeout", "asked-again"]


@dataclass(frozen=True)
class Transcript:
    """The output of a command, and its end.

    `before` and `after` are its lines before and after the last of its prompts was answered, as a screen shows them
    and with every secret in them; `partial` says that some of `after` is missing. `answered` names the prompts that
    were answered, in their order. Exactly one of `exit_code` and `signal` is set if the command ended by itself;
    `seconds` is how long it took, `problem` why it was not started.
    """

    ending: Ending
    before: tuple[str, ...] = field(default=(), repr=False)
    after: tuple[str, ...] = field(default=(), repr=False)
    partial: bool = False
    answered: tuple[str, ...] = ()
    exit_code: int | None = None
    signal: int | None = None
    seconds: float = 0.0
    problem: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines, in their order."""
        return self.before + self.after


@dataclass(frozen=True)
class Question:
    """A prompt on the screen: its row, the column it begins in, and the text of the line up to its end."""

    prompt: str
    row: int
    column: int
    line: str

    def still_shown(self, row: int, text: str) -> bool:
        """Tell whether the line shows nothing but the prompt, whole or in part, where it was."""
        place = text[self.column :]
        drawn = self.line[self.column :]
        return (
            row == self.row
            and len(place) <= len(drawn)
            and text[: self.column].rstrip() == self.line[: self.column].rstrip()
            and all(now in (" ", then) for now, then in zip(place, drawn, strict=False))
        )


@dataclass(frozen=True)
class Answered:
    """An answer: the question, the column that the cursor had reached, and what recognises the answer."""

    question: Question
    column: int
    typed: Fingerprint

    def rest(self, text: str) -> str:
        """Give what TEXT, the same row when it was finished, shows behind the prompt and the mask or the echo."""
        again = text[: self.column].strip()
        if again and again not in (self.question.line.strip(), self.question.line[self.question.column :].strip()):
            return text
        behind = _MASK.sub("", text[self.column :])
        without = self.typed.redact(behind)
        return without.removeprefix(REDACTED) if without.startswith(REDACTED) else behind


class Dialogue:
    """Takes what the command writes, tells what it asks, and keeps its lines.

    `before` is what stood on the screen before the last of the PROMPTS was answered, `after` what came behind.
    `partial` says that some of `after` was not kept.
    """

    def __init__(self, prompts: tuple[str, ...]) -> None:
        """Look for PROMPTS, in any order and case."""
        self._prompts = prompts
        self._line = Line(self._keep)
        self._resting: Question | None = None
        self._since = 0.0
        self._last: Answered | None = None
        self.before: list[str] = []
        self.after: list[str] = []
        self.partial = False
        self.answered: dict[str, Answered] = {}
        self.asked_again = False

    def take(self, data: bytes) -> None:
        """Take DATA that the command has written."""
        self._line.feed(data)

    def question(self, now: float) -> Question | None:
        """Give the question to answer at the time NOW, in seconds; None as long as none is at rest.

        A prompt that comes back sets `asked_again` and is never given: another answer would count towards a lockout.
        """
        shown = self._shown()
        resting = self._resting
        if resting is None or shown not in (None, resting) or not resting.still_shown(self._line.row, self._line.text):
            self._resting, self._since = shown, now
        if shown is None or shown != self._resting or now - self._since < REST_SECONDS:
            return None
        if shown.prompt not in self.answered:
            return shown
        self.asked_again = self.asked_again or self._is_new(shown)
        return None

    def answer(self, question: Question, typed: bytes) -> None:
        """Note that QUESTION, at rest, was answered with TYPED: a new line begins at the column reached."""
        column = self._line.column
        self._line.leave(0, column)
        self._last = self.answered[question.prompt] = Answered(question, column, Fingerprint(typed))
        self._resting = None

    def end(self) -> None:
        """Take the last line, which may have no end; a prompt there is at rest for good."""
        shown = self._shown()
        if shown and shown.prompt in self.answered and self._is_new(shown):
            self.asked_again = True
        if self._line.text:
            self._line.leave()

    def _shown(self) -> Question | None:
        text = self._line.text
        for prompt in self._prompts:
            if text[-len(prompt) :].lower() == prompt.lower():
                return Question(prompt, self._line.row, len(text) - len(prompt), text)
        return None

    def _is_new(self, shown: Question) -> bool:
        """Tell a question asked again from one that is drawn again in its place."""
        answered = self.answered[shown.prompt]
        return (shown.row, shown.column) >= (answered.question.row, answered.column)

    def _keep(self, row: int, text: str) -> None:
        cut, self._line.cut = self._line.cut, False
        if self._last and row == self._last.question.row:
            text = self._last.rest(text)
        if not self._prompts or self._prompts[-1] not in self.answered:
            if text.strip() and len(self.before) < _MOST_BEFORE:
                self.before.append(text)
        elif len(self.after) < _MOST_AFTER:
            self.after.append(text)
            self.partial = self.partial or cut
        else:
            self.partial = True
