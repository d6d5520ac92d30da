"""Questions on the controlling terminal, wherever the outputs go.

While a run has the terminal, the terminal itself echoes nothing and passes on each key as it is pressed.
An answer to a visible question is echoed here, up to ENTER: the terminal's own echo would show everything that
arrives, also a password that was pasted behind the name.
A process that is killed with SIGKILL cannot give the terminal back; `stty sane` does.
"""

import os
import select
import signal
import termios
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, TypeVar

from onbox.errors import OnboxError, message_of
from onbox.printable import harmless
from onbox.secret import Secret

Answer = TypeVar("Answer")

_TERMINAL = "/dev/tty"
_LONGEST = 2048  # bytes of an answer; the rest is dropped
# A signal that comes just before a wait does not end it; Python acts upon it at the next look.
_LOOK_UP_SECONDS = 0.5
# ENTER, backspace, ^U, ^D and ^Z; the terminal itself acts upon ^C, and other keys are control characters.
_ENTER, _ERASE, _KILL, _END, _PAUSE = (b"\n", b"\r"), (b"\b", b"\x7f"), b"\x15", b"\x04", b"\x1a"
_PASTED = (b"\x1b[200~", b"\x1b[201~")  # what a terminal puts around a bracketed paste


class Prompts:
    """The person's terminal, until `close`.

    ^Z pauses the process at a question; after each pause the terminal is taken again, and the question asked again.
    """

    def __init__(self, waiting: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """Take the terminal, if this process has one.

        WAITING is entered around each wait for the person, so that a signal can end the wait.
        """
        self._waiting = waiting
        self._before: list[Any] | None = None
        self._question, self._typed, self._visible = "", bytearray(), True
        self._terminal = -1
        with suppress(OSError):
            self._terminal = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        signal.signal(signal.SIGCONT, lambda _number, _frame: self._take())
        self._take()

    def _take(self) -> None:
        """Switch off echo, drop what was typed ahead, and show the question that stands; not in the background."""
        if not self._in_foreground():
            return
        with suppress(OSError, termios.error):
            self._before = self._before or termios.tcgetattr(self._terminal)
            modes = termios.tcgetattr(self._terminal)
            modes[3] = (modes[3] | termios.ISIG) & ~(termios.ECHO | termios.ECHONL | termios.ICANON)
            modes[6][termios.VMIN], modes[6][termios.VTIME], modes[6][termios.VSUSP] = 1, 0, b"\0"
            termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
            termios.tcflush(self._terminal, termios.TCIFLUSH)
            if not self._visible:  # a person forgets how much of a password they typed before a pause
                self._typed.clear()
            self._write(self._question + self._shown())

    def close(self) -> None:
        """Set the terminal's modes as they were, and drop what was typed ahead, which the shell would show."""
        if self._before and self._in_foreground():
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
                termios.tcflush(self._terminal, termios.TCIFLUSH)
            self._before = None

    def ask(self, question: str, accept: Callable[[str], Answer]) -> Answer:
        """Ask QUESTION, visibly, until ACCEPT makes something of the answer, three times in all.

        ACCEPT is given the answer without blanks around it, and raises an OnboxError that says what is wrong with it.

        Raises:
            OnboxError: after three slips, or if the terminal gives no answer (^D, or it is gone).
        """

        def take(typed: bytearray) -> Answer:
            text = typed.decode("utf-8", "surrogateescape").strip()
            if any(unicodedata.category(character) == "Cc" for character in text):
                raise OnboxError("answer-unknown", wanted="Type it without arrow keys and other control characters")
            return accept(text)

        return self._ask(question, take, visible=True)

    def choose(self, question: str, answers: Mapping[str, Answer]) -> Answer:
        """Ask QUESTION like `ask`, and give what belongs to the one of ANSWERS that was typed."""

        def accept(answer: str) -> Answer:
            if answer not in answers:
                raise OnboxError("answer-unknown", wanted=f"Type {' or '.join(answers)}")
            return answers[answer]

        return self.ask(question, accept)

    def ask_secret(self, question: str, accept: Callable[[Secret], Answer]) -> Answer:
        """Ask QUESTION like `ask`, without showing what is typed."""
        return self._ask(question, lambda typed: accept(Secret(typed)), visible=False)

    def _ask(self, question: str, accept: Callable[[bytearray], Answer], *, visible: bool) -> Answer:
        for _ in range(3):
            typed = self._typed = bytearray()
            self._visible = visible
            try:
                self._line(question)
                try:
                    return accept(typed)
                except OnboxError as slip:
                    words = message_of(slip)
            finally:
                typed[:] = bytes(len(typed))
                typed.clear()
            self._write(textwrap.fill(harmless(f"{words.what} {words.advice}"), 79) + "\n")
        raise OnboxError("answer-unusable", detail=words.what)

    def _line(self, question: str) -> None:
        """Ask QUESTION once the screen takes it, and collect what is typed from then on up to ENTER."""
        try:
            with self._waiting():
                while not select.select([], [self._terminal], [], _LOOK_UP_SECONDS)[1]:
                    pass
                self._question = question
                self._take()
                while self._key() not in _ENTER:
                    pass
        except (OSError, ValueError):
            raise OnboxError("not-answered") from None
        finally:
            self._question = ""
            self._write("\n")

    def _key(self) -> bytes:
        """Read a key, do what it stands for, and show the answer as it is then, unless it is hidden."""
        # In the background it is for the kernel to stop the process, which it does at a read.
        while self._in_foreground() and not select.select([self._terminal], [], [], _LOOK_UP_SECONDS)[0]:
            pass
        key, typed, shown = os.read(self._terminal, 1), self._typed, self._shown()
        if not key or (key == _END and not typed):
            raise OnboxError("not-answered")
        if key in _ERASE:
            while typed and 0x80 <= typed.pop() < 0xC0:  # noqa: PLR2004 - the bytes of UTF-8 that continue one
                pass
        elif key == _KILL:
            typed.clear()
        elif key == _PAUSE:
            self.close()
            os.kill(0, signal.SIGTSTP)
            if not self._before:  # without a shell that could continue it, nothing stopped this process
                self._take()
        elif key not in _ENTER and len(typed) < _LONGEST:
            typed += key
            if typed.endswith(_PASTED):
                del typed[-len(_PASTED[0]) :]
        same = len(os.path.commonprefix([shown, self._shown()]))  # noqa: RUF071 - of characters
        columns = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in shown[same:])
        self._write("\b" * columns + " " * columns + "\b" * columns + self._shown()[same:])
        return key

    def _shown(self) -> str:
        return harmless(self._typed.decode("utf-8", "backslashreplace")) if self._visible else ""

    def _in_foreground(self) -> bool:
        with suppress(OSError):
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        return False

    def _write(self, text: str) -> None:
        # A terminal that is gone is noticed when it is read.
        with suppress(OSError):
            os.write(self._terminal, text.encode("utf-8", "backslashreplace"))
