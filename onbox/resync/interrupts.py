"""^C, a lost connection and other requests to stop: noted when they come, acted upon where it is safe."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from onbox.errors import OnboxError

_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Interrupts:
    """Takes over the signals that end a program, as long as it is entered.

    A signal only leaves a note, which `check` turns into an error at the next safe place.
    While a person is asked (`at_once`) the error is raised on the spot.
    From `hold` on nothing stops the run any more: it goes on to its result.
    """

    def __init__(self) -> None:
        """Begin without a note."""
        self._noted = False
        self._at_once = False
        self._held = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Take the signals over."""
        for number in _STOP:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back; after `hold` they stay ignored, because only the process's end is left to do."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self._held else handler)  # type: ignore[arg-type]

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._noted = True
        if self._at_once:
            self._at_once = False
            self.check()

    def check(self) -> None:
        """Stop here if somebody asked for it.

        Raises:
            OnboxError: when a signal came, and `hold` was not called.
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
        self._held = True
        self._before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._note)
