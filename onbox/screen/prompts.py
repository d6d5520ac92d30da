"""Questions on the controlling terminal, wherever the outputs go.

While a run has the terminal, the terminal itself echoes nothing and passes on each key as it is pressed.
An answer to a visible question is echoed here, up to ENTER: the terminal's own echo would show everything that
arrives, also a password that was pasted behind the name.
A process that is killed with SIGKILL cannot give the terminal back; `stty sane` does.
"""

import codecs
import errno
import os
import re
import select
import termios
import textwrap
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Self, TypeVar

from onbox.errors import OnboxError
from onbox.messages import message_of
from onbox.printable import harmless
from onbox.secret import Secret

Answer = TypeVar("Answer")

_TERMINAL = "/dev/tty"
_TRIES = 3
_LONGEST = 2048  # bytes of an answer; the rest is dropped
_WIDTH = 79
# A signal that comes just before a wait does not end it; Python acts upon it at the next look.
_LOOK_UP_SECONDS = 0.5
_PASTED = (b"\x1b[200~", b"\x1b[201~")  # what a terminal puts around a bracketed paste
# The keys that send these have no meaning here; a line in which one was pressed is refused.
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|O?.?)?")


class Prompts:
    """The person's terminal, from `with` to its end.

    `take` and `give_back` are for a pause in between, as after ^Z.
    """

    def __init__(self, waiting: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """Enter WAITING around each wait for the person, so that a signal can end the wait."""
        self._waiting = waiting
        self._terminal = -1
        self._before: list[Any] | None = None
        self._standing = ""
        self._hidden = bytearray()

    def __enter__(self) -> Self:
        """Take the terminal, if this process has one and stands in its foreground."""
        with suppress(OSError):
            self._terminal = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            self.take()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back as it was."""
        self.give_back()
        if self._terminal >= 0:
            os.close(self._terminal)

    def take(self) -> None:
        """Switch echo off, and ask the question that stands once more; do nothing in the background."""
        if self._in_foreground():
            with suppress(OSError, termios.error):
                self._be_silent()
                # Nobody remembers how much of a password they typed before a pause.
                self._hidden.clear()
                self._write(self._standing)

    def give_back(self) -> None:
        """Set the terminal's modes as they were, and drop what was typed ahead, which the shell would show."""
        if self._before and self._in_foreground():
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
                termios.tcflush(self._terminal, termios.TCIFLUSH)
            self._before = None

    def ask(self, question: str, accept: Callable[[str], Answer], refusal: OnboxError | None = None) -> Answer:
        """Ask QUESTION, visibly, until ACCEPT makes something of the answer, three times in all.

        ACCEPT is given the answer without blanks around it, and raises an OnboxError that says what is wrong with it.

        Raises:
            OnboxError: REFUSAL after three slips; `not-answered` if the terminal gives no answer (^D, or it is gone).
        """

        def take(typed: bytearray) -> Answer:
            text = typed.decode("utf-8", "surrogateescape").strip()
            if any(unicodedata.category(character) == "Cc" for character in text):
                raise OnboxError("answer-unknown", wanted="Type it without arrow keys and other control characters")
            return accept(text)

        return self._ask(question, take, refusal, visible=True)

    def ask_secret(self, question: str, accept: Callable[[Secret], Answer], refusal: OnboxError) -> Answer:
        """Ask QUESTION like `ask`, without showing what is typed."""

        def take(typed: bytearray) -> Answer:
            secret = Secret(typed)
            typed[:] = bytes(len(typed))
            return accept(secret)

        return self._ask(question, take, refusal, visible=False)

    def _ask(
        self, question: str, accept: Callable[[bytearray], Answer], refusal: OnboxError | None, *, visible: bool
    ) -> Answer:
        for _ in range(_TRIES):
            typed = self._line(question, visible=visible)
            try:
                return accept(typed)
            except OnboxError as slip:
                words = message_of(slip)
            self._write(textwrap.fill(harmless(f"{words.what} {words.advice}"), _WIDTH) + "\n")
        raise refusal or OnboxError("answer-unusable", detail=words.what)

    def _line(self, question: str, *, visible: bool) -> bytearray:
        """Ask QUESTION once, and give what was typed before ENTER."""
        typed = bytearray()
        self._hidden = bytearray() if visible else typed
        try:
            with self._waiting():
                try:
                    self._show(question)
                    self._read(typed, question, visible=visible)
                except (OSError, ValueError, termios.error):
                    raise OnboxError("not-answered") from None
        except BaseException:
            typed[:] = bytes(len(typed))
            raise
        finally:
            self._standing = ""
            self._write("\n")
        return typed

    def _show(self, question: str) -> None:
        """Show QUESTION on a silent terminal; what was typed before, also while the screen stood still, is dropped."""
        while True:
            # The kernel stops a process in the background here, until it is continued in the foreground.
            try:
                self._be_silent()
                break
            except termios.error as error:
                if error.args[0] != errno.EINTR:
                    raise
        while not select.select([], [self._terminal], [], _LOOK_UP_SECONDS)[1]:
            pass
        termios.tcflush(self._terminal, termios.TCIFLUSH)
        self._standing = question
        self._write(question)

    def _read(self, typed: bytearray, question: str, *, visible: bool) -> None:
        """Collect in TYPED what is typed up to ENTER, with the terminal's own keys for corrections."""
        keys = termios.tcgetattr(self._terminal)[6]
        shown = ""
        while (key := self._key()) not in (b"\n", b"\r"):
            if not key or (key == keys[termios.VEOF] and not typed):
                raise OnboxError("not-answered")
            if key in (keys[termios.VERASE], b"\b", b"\x7f"):
                while typed and 0x80 <= typed.pop() < 0xC0:  # noqa: PLR2004 - the bytes of UTF-8 that continue one
                    pass
            elif key == keys[termios.VKILL]:
                typed.clear()
            elif key == keys[termios.VWERASE]:
                del typed[typed.rstrip().rfind(b" ") + 1 :]
            elif key != keys[termios.VEOF] and len(typed) < _LONGEST:
                typed += key
                if typed.endswith(_PASTED):
                    del typed[-len(_PASTED[0]) :]
            if visible:
                shown = self._echo(shown, _shown(typed))
                self._standing = question + shown

    def _key(self) -> bytes:
        # In the background it is for the kernel to stop the process, which it does at a read.
        while self._in_foreground() and not select.select([self._terminal], [], [], _LOOK_UP_SECONDS)[0]:
            pass
        return os.read(self._terminal, 1)

    def _echo(self, old: str, new: str) -> str:
        """Show NEW in the place of OLD, from the first character on in which they differ."""
        same = len(os.path.commonprefix([old, new]))  # noqa: RUF071 - of characters
        back = "\b" * sum(map(_columns, old[same:]))
        self._write(back + " " * len(back) + back + new[same:])
        return new

    def _be_silent(self) -> None:
        """Switch off the terminal's echo and its own line."""
        modes = termios.tcgetattr(self._terminal)
        self._before = self._before or [*modes[:6], [*modes[6]]]
        modes[0] = modes[0] & ~(termios.IGNCR | termios.INLCR)
        modes[3] = (modes[3] | termios.ISIG) & ~(termios.ECHO | termios.ECHONL | termios.ICANON)
        modes[6][termios.VMIN], modes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._terminal, termios.TCSANOW, modes)

    def _in_foreground(self) -> bool:
        with suppress(OSError):
            return os.tcgetpgrp(self._terminal) == os.getpgrp()
        return False

    def _write(self, text: str) -> None:
        # A terminal that is gone is noticed when it is read.
        with suppress(OSError):
            data = text.encode("utf-8", "backslashreplace")
            while data:
                data = data[os.write(self._terminal, data) :]


def _shown(typed: bytearray) -> str:
    """Give what is shown of TYPED: not the codes of keys without a meaning here, nor a character that is incomplete."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    return harmless(_ESCAPE.sub("", decoder.decode(typed)))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
