"""Requests to stop are noted, and acted upon only where it is safe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from rehearsal import CHECKOUT

from onbox.errors import OnboxError
from onbox.resync.interrupts import Interrupts

STOP = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMAX]
PAUSE = [signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU]


def hit(number: int) -> None:
    """Send a signal to this process, and see it arrive."""
    os.kill(os.getpid(), number)
    time.sleep(0.001)


@pytest.mark.parametrize("number", STOP)
def test_noted(number: int) -> None:
    """A signal changes nothing until the next safe place, and ends the run there each time."""
    with Interrupts() as interrupts:
        interrupts.check()
        hit(number)

        for _ in range(2):
            with pytest.raises(OnboxError) as caught:
                interrupts.check()
            assert "interrupted" == caught.value.code
        with pytest.raises(OnboxError), interrupts.at_once():
            pytest.fail("somebody was asked")
        with pytest.raises(OnboxError):
            interrupts.hold()


def ask(interrupts: Interrupts, number: int) -> None:
    """Wait for a person who sends one signal, and a second one while the program cleans up."""
    with interrupts.at_once():
        try:
            hit(number)
            pytest.fail("the wait went on")
        finally:
            hit(number)


@pytest.mark.parametrize("number", STOP)
def test_at_once(number: int) -> None:
    """While a person is asked, a signal ends the wait on the spot; another one does not get in the way of the end."""
    with Interrupts() as interrupts:
        with pytest.raises(OnboxError):
            ask(interrupts, number)
        hit(number)  # noted only: the question is over


def lose_terminal(interrupts: Interrupts, number: signal.Signals | None) -> None:
    """Ask a question that gets no answer, and a signal maybe."""
    with interrupts.at_once():
        with suppress(OnboxError):
            if number:
                hit(number)
        raise OnboxError("not-answered")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, "interrupted"), (None, "not-answered")])
def test_question_without_an_answer(number: signal.Signals | None, code: str) -> None:
    """When the terminal goes away, the signal is the reason, whichever of the two is seen first."""
    with Interrupts() as interrupts, pytest.raises(OnboxError) as caught:
        lose_terminal(interrupts, number)

    assert code == caught.value.code


def test_hold() -> None:
    """From the attempt on nothing stops the run, neither a question nor a request to pause."""
    with Interrupts() as interrupts:
        interrupts.hold()
        for number in (*STOP, *PAUSE):
            hit(number)

        interrupts.check()
        with interrupts.at_once():
            hit(signal.SIGINT)


def test_end() -> None:
    """While the end of a run is told, not even the signal that ended it stops anything."""
    with Interrupts() as interrupts:
        hit(signal.SIGTERM)
        interrupts.end()

        interrupts.check()
        with interrupts.at_once():
            hit(signal.SIGINT)


def test_given_back() -> None:
    """Afterwards all signals do what they did before."""
    before = [signal.getsignal(number) for number in (*STOP, *PAUSE, signal.SIGCONT)]

    with Interrupts():
        assert not set(before[: len(STOP)]) & {signal.getsignal(number) for number in STOP}

    assert before == [signal.getsignal(number) for number in (*STOP, *PAUSE, signal.SIGCONT)]


ENDS_HELD = """
import os, signal
from onbox.resync.interrupts import Interrupts
with Interrupts() as interrupts:
    interrupts.hold()
for number in {numbers}:
    os.kill(os.getpid(), number)
"""


def test_held_to_the_very_end() -> None:
    """A signal between the result and the end of the process does not change its exit code."""
    script = ENDS_HELD.format(numbers=[int(number) for number in (*STOP, *PAUSE)])
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, check=False)

    assert 0 == done.returncode
