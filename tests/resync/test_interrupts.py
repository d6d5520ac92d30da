"""Requests to stop are noted, and acted upon only where it is safe."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from onbox.errors import OnboxError
from onbox.resync.interrupts import Interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator

STOP = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGALRM, signal.SIGXCPU]
PAUSE = [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU]


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Return what takes the signals over, and give them back."""
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    yield Interrupts()
    for number, handler in before.items():
        if signal.getsignal(number) != handler:
            signal.signal(number, handler)


def hit(number: int) -> None:
    """Send a signal to this process, and see it arrive."""
    os.kill(os.getpid(), number)
    time.sleep(0.001)


@pytest.mark.parametrize("number", STOP)
def test_noted(number: int, interrupts: Interrupts) -> None:
    """A signal changes nothing until the next safe place, and ends the run there each time."""
    hit(number)

    for _ in range(2):
        with pytest.raises(OnboxError, match="interrupted"), interrupts.at_once():
            pytest.fail("somebody was asked")


def lose_terminal(interrupts: Interrupts, number: int) -> None:
    """Wait at a terminal that goes away, with a signal of which the wait learns too late."""
    with interrupts.at_once():
        with suppress(OnboxError):
            hit(number)
        raise ValueError


@pytest.mark.parametrize(("number", "error"), [(signal.SIGHUP, OnboxError), (signal.SIGCHLD, ValueError)])
def test_question_without_an_answer(number: int, error: type[Exception], interrupts: Interrupts) -> None:
    """When the terminal goes away, the signal is the reason, whichever of the two is seen first."""
    with pytest.raises(error):
        lose_terminal(interrupts, number)


def test_hold(interrupts: Interrupts) -> None:
    """From the attempt on, and at the end of a run, nothing stops or pauses it, not even a signal that came before."""
    hit(signal.SIGTERM)
    interrupts.hold()
    for number in (*STOP, *PAUSE):
        hit(number)

    with interrupts.at_once():
        hit(signal.SIGINT)
    assert {signal.SIG_IGN} == {signal.getsignal(number) for number in (*STOP, *PAUSE)}
