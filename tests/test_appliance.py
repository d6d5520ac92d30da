"""The rehearsal appliance answers as its table says."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pexpect
import pytest
from appliance.engine.variants import VARIANTS
from appliance.make import ADMIN, MARKER, MARKER_TIME, PASSWORD, Appliance, Call, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UPDATE = ("store", "-o", ADMIN, "-a", "update_config", MARKER, "0", "GLOBAL")


class Played(NamedTuple):
    """The output of a call, its end (-N: signal N; None: it hung), and its record."""

    screen: str
    end: int | None
    call: Call


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    """Make a rehearsal appliance, and end what it left running."""
    appliance = make(tmp_path / "rehearsal")
    appliance.behave(seconds=20)

    yield appliance

    for pid in [pid for call in appliance.calls() for pid in (call.pid, call.left) if pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def play(appliance: Appliance, argv: tuple[str, ...], password: str = PASSWORD, **environment: str) -> Played:
    """Call rsautil in its own folder on a terminal, answer each question, and end it if it hangs."""
    answers = {"username": ADMIN, "password": password, "other": "y"}
    before, answered = len(appliance.calls()), 0
    folder = str(appliance.rsautil.parent)
    child: pexpect.spawn[Any] = pexpect.spawn(str(appliance.rsautil), list(argv), cwd=folder, env=environment)
    child.delaybeforesend = None
    screen = b""
    while True:
        call = next(iter(appliance.calls()[before:]), None)
        if call and len(call.asked) > answered:
            child.sendline(answers[call.asked[answered]])
            answered += 1
        try:
            screen += child.read_nonblocking(65536, timeout=0.005)
        except pexpect.TIMEOUT:
            if call and call.hangs and child.isalive():
                break
        except pexpect.EOF:
            break
    hangs = child.isalive() and call is not None and call.hangs is not None
    child.close(force=True)
    end = None if hangs else child.exitstatus if child.signalstatus is None else -child.signalstatus
    return Played(screen.decode("utf-8", "replace").replace("\r\n", "\n"), end, appliance.calls()[before])


# How a variant ends that does not exit with its code.
ENDS = {"hangs on": None, "wrapper killed": -9, "both killed": -9}


@pytest.mark.parametrize("name", VARIANTS)
def test_variant(appliance: Appliance, name: str) -> None:
    """Every row of the table asks, changes, shows and ends as it says, fact or assumption."""
    row = VARIANTS[name]
    appliance.behave(update=name, size=row.size and 100_000)

    screen, end, call = play(appliance, UPDATE)

    assert ENDS.get(row.ends, row.code) == end
    assert max(row.tries, len(row.asks or " ")) == len(call.asked) == len(call.answered)
    assert ("0" if row.changes and not row.refuses else MARKER_TIME) == appliance.marker()
    assert row.echo == (PASSWORD in screen)
    assert len(screen) >= (25_000 if row.noise else 0)


def test_lockout(appliance: Appliance) -> None:
    """Five failures lock for 60 minutes, after which even the right password fails (documented)."""
    screens = [play(appliance, UPDATE, "wrong-1!").screen for _ in range(5)]

    locked = play(appliance, UPDATE)

    assert ["invalid" in screen for screen in screens] == [True] * 5
    assert ("locked" in locked.screen, locked.end) == (True, 1)
    assert appliance.read("administrators")[ADMIN]["locked_until"] == pytest.approx(time.time() + 3600, abs=60)
    assert MARKER_TIME == appliance.marker()


def test_call_is_recorded(appliance: Appliance) -> None:
    """The command line, the whole environment as given, the folder and the session are recorded, and no password."""
    environment = {"LC_ALL": "C", "RSA_AM_HOME": "/opt/rsa/am", "ODD": "a=b\udcff"}

    call = play(appliance, UPDATE, **environment).call

    assert (list(UPDATE), environment, str(appliance.rsautil.parent)) == (call.argv, call.environment, call.folder)
    assert call.parent == call.session != call.pid
    assert PASSWORD not in (appliance.folder / "state" / "calls").read_text()
