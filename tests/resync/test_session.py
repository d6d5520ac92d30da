"""What every step works with: questions, seconds and descriptions of processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from onbox.diagnostics import Diagnostics

from onbox.errors import OnboxError
from onbox.identity import identify, this_host
from onbox.preflight import Subject
from onbox.resync.interrupts import Interrupts
from onbox.resync.session import REASONS, Administrator, Request, Run
from onbox.rsautil.commands import Answer, Verdict
from onbox.rsautil.terminal import Transcript
from onbox.secret import Secret
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from onbox.audit.log import Trail
    from onbox.screen.console import Console


def make(interrupts: Interrupts | None = None, console: object = None) -> Run:
    """Return a run that writes nothing."""
    subject = Subject(Settings(home=Path("/opt/rsa/am")), identify())
    return Run(
        Request(),
        subject,
        this_host(),
        cast("Trail", None),
        cast("Console", console),
        interrupts or Interrupts(),
        Diagnostics(verbose=False),
    )


def test_process() -> None:
    """A process is described by what was run, and by how it ended once it has."""
    run = make()
    argv = ["/opt/rsa/am/utils/rsautil", "store"]
    ended = Answer(Verdict("unknown", "update-lost"), (), Transcript("exited", signal=9, seconds=1.5))

    assert {"argv": argv, "exit_code": None, "signal": None, "seconds": None} == run.process(("store",)).fields()
    assert {"argv": argv, "exit_code": None, "signal": 9, "seconds": 1.5} == run.process(("store",), ended).fields()


def test_watching() -> None:
    """The seconds go on to the screen until somebody wants to stop."""
    seconds: list[float] = []
    with Interrupts() as interrupts:
        watch: Callable[[float], None] = make(interrupts).watching(seconds.append)
        watch(1.0)
        os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(OnboxError, match="Interrupted"):
            watch(2.0)

    assert [1.0] == seconds


class Asked:
    """A screen at which somebody stops the run instead of answering."""

    def __init__(self, *, stops: bool) -> None:
        """Remember what is done at the question."""
        self.stops = stops

    def ask(self, question: str) -> str:
        """Answer, or stop."""
        if self.stops:
            os.kill(os.getpid(), signal.SIGHUP)
        return question.upper()


def test_ask() -> None:
    """A question gives its answer, or ends the run on the spot."""
    with Interrupts() as interrupts:
        assert "WHY?" == make(interrupts, Asked(stops=False)).ask("why?")
        with pytest.raises(OnboxError, match="Interrupted"):
            make(interrupts, Asked(stops=True)).ask("why?")


def test_reasons() -> None:
    """The four documented reasons stand before the one for all others."""
    assert ["account-changed", "identity-source-added", "users-found", "tokens-deleted", "other"] == list(REASONS)


def test_administrator_shows_no_password() -> None:
    """Who is shown as verified is shown without the password."""
    assert "Administrator(name='ocadmin', password=<secret>)" == repr(Administrator("ocadmin", Secret("Sentinel-1!")))


def test_frozen() -> None:
    """What a step was given stays as it is."""
    run: Any = make()

    with pytest.raises(AttributeError):
        run.request = Request(admin="other")
