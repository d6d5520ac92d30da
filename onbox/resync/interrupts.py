"""^C, a lost connection and other signals: noted when they come, acted upon where it is safe."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from onbox.errors import OnboxError

# These end a program that does not take them over, and these pause it.
_STOP = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGALRM, signal.SIGVTALRM]
_STOP += [signal.SIGUSR1, signal.SIGUSR2, signal.SIGPWR, signal.SIGIO, signal.SIGPROF, signal.SIGXCPU]
_PAUSE = [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU]


class Interrupts:
    """Takes over the signals that end a program, for the rest of this process.

    A signal only leaves a note, which becomes an error at the next safe place.
    While a person is asked (`at_once`) the error is raised on the spot.
    From `hold` on nothing stops the run any more: it goes on to its result.
    """

    def __init__(self) -> None:
        """Take the signals over."""
        self._noted = self._at_once = False
        for number in _STOP:
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._noted = True
        if self._at_once:
            self._at_once = False
            self._check()

    def _check(self) -> None:
        if self._noted:
            raise OnboxError("interrupted")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal interrupt what is done inside, such as a wait for a person, wherever it is.

        Raises:
            OnboxError: if a signal comes, or came before, unless `hold` was called.
        """
        self._at_once = True
        try:
            self._check()
            yield
        except Exception:
            # A terminal that goes away leaves a question unanswered and sends a signal, which is the better reason.
            self._check()
            raise
        finally:
            self._at_once = False

    def hold(self) -> None:
        """Let no signal stop or pause this process any more, so that none changes its exit code."""
        for number in (*_STOP, *_PAUSE):
            signal.signal(number, signal.SIG_IGN)
        self._noted = False
