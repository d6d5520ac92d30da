"""^C, ^Z, a lost connection and other signals: noted when they come, acted upon where it is safe."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from onbox.errors import OnboxError

# All other signals end a program, if it does not take them over.
_HARMLESS = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGPIPE, signal.SIGXFSZ}
_PAUSE = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_BROKEN = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS}
_STOP = signal.valid_signals() - _HARMLESS - _PAUSE - _BROKEN - {signal.SIGKILL}


class Interrupts:
    """Takes over the signals that end or suspend a program, as long as it is entered.

    A signal only leaves a note, which `check` turns into an error at the next safe place.
    While a person is asked (`at_once`) the error is raised on the spot.
    From `hold` on nothing stops the run any more: it goes on to its result.
    """

    def __init__(self) -> None:
        """Start without a note."""
        self._noted = False
        self._at_once = False
        self._held = False
        self._before: dict[int, object] = {}
        self.around_pause(lambda: None, lambda: None)

    def __enter__(self) -> Self:
        """Take the signals over."""
        for number in _STOP:
            self._take(number, self._note)
        self._take(signal.SIGTSTP, self._suspend)
        self._take(signal.SIGCONT, lambda _number, _frame: self._resume())
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back; after `hold` they stay ignored, because only the process's end is left to do."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._held else handler)  # type: ignore[arg-type]

    def _take(self, number: int, handler: Callable[[int, FrameType | None], None]) -> None:
        self._before[number] = signal.signal(number, handler)

    def around_pause(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Call PAUSE before the process is suspended with ^Z, and RESUME after each pause."""
        self._pause, self._resume = pause, resume

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._noted = True
        if self._at_once:
            self._at_once = False
            self.check()

    def _suspend(self, _number: int, _frame: FrameType | None) -> None:
        if self._held:
            return
        self._pause()
        # With its own handling the signal stops the process right here, until it is continued.
        taken = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTSTP, signal.SIGCONT)}
        signal.raise_signal(signal.SIGTSTP)
        for number, handler in taken.items():
            signal.signal(number, handler)
        self._resume()

    def check(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            OnboxError: if a signal came and `hold` was not called.
        """
        if self._noted and not self._held:
            raise OnboxError("interrupted")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal interrupt what is done inside, which must be nothing but waiting for a person."""
        self._at_once = True
        try:
            self.check()
            yield
        except OnboxError:
            # A terminal that goes away leaves a question unanswered and sends a signal, which is the better reason.
            self.check()
            raise
        finally:
            self._at_once = False

    def hold(self) -> None:
        """Stop for nothing from now on, ^Z included."""
        self.check()
        self.end()
        for number in (signal.SIGTTIN, signal.SIGTTOU):
            self._take(number, self._note)

    def end(self) -> None:
        """Stop for nothing either while the end of the run is told."""
        self._held = True
