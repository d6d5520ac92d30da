"""The rehearsal appliance answers as its table says."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
from appliance.engine import json as plain
from appliance.engine.play import KINDS
from appliance.engine.recording import load
from appliance.engine.variants import VARIANTS, Variant
from appliance.engine.wordings import PASSWORD as PASSWORD_PROMPT
from appliance.engine.wordings import USERNAME
from appliance.make import (
    ADMIN,
    DBA_SECRET,
    MARKER,
    MARKER_TIME,
    PASSWORD,
    TRANSCRIPTS,
    Appliance,
    Call,
    make,
)
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Child = pexpect.spawn[Any]

VERIFY = ("manage-secrets", "-a", "get", "com.rsa.db.dba.password")
UPDATE = ("store", "-o", ADMIN, "-a", "update_config", MARKER, "0", "GLOBAL")
COMMANDS = {"verify": VERIFY, "update": UPDATE}


@dataclass(frozen=True)
class Played:
    """The output of a call, its end (None: it hung, or a signal ended it), and its record."""

    screen: str
    exit_code: int | None
    signal: int | None
    call: Call


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    """Make a rehearsal appliance, and end what it left running."""
    appliance = make(tmp_path / "rehearsal")
    appliance.behave(seconds=20)

    yield appliance

    for pid in [pid for call in appliance.calls() for pid in (call.pid, call.left) if pid]:
        with suppress(ProcessLookupError):
            stop(pid)


def start(appliance: Appliance, argv: tuple[str, ...], environment: dict[str, str] | None = None) -> Child:
    """Start rsautil in its own folder, on a terminal of its own."""
    folder = str(appliance.rsautil.parent)
    child: Child = pexpect.spawn(str(appliance.rsautil), list(argv), cwd=folder, env=environment, timeout=10)
    child.delaybeforesend = child.delayafterread = None
    # It sleeps a tenth of a second after each child otherwise.
    child.ptyproc.delayafterclose = child.ptyproc.delayafterterminate = 0.01  # type: ignore[attr-defined]
    return child


def type_password(appliance: Appliance, child: Child) -> None:
    """Type the password once it has been asked for."""
    child.expect_exact(b"password: ")
    wait_for(lambda: appliance.calls()[0].asked)
    child.sendline(PASSWORD)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds, ten seconds at most."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def stop(pid: int) -> None:
    """Kill the process *pid*, which must be there."""
    os.kill(pid, signal.SIGKILL)


def play(appliance: Appliance, argv: tuple[str, ...], *, name: str = ADMIN, password: str = PASSWORD) -> Played:
    """Call rsautil on a terminal, answer each question, and end it if it hangs."""
    answers = {"username": name, "password": password, "other": "y"}
    before = len(appliance.calls())
    child = start(appliance, argv)
    screen, answered, call, exit_code, ended_by = b"", 0, None, None, None
    while call is None or not call.hangs:
        try:
            screen += child.read_nonblocking(65536, timeout=0.005)
        except pexpect.TIMEOUT:
            call = next(iter(appliance.calls()[before:]), None)
        except pexpect.EOF:
            child.wait()
            exit_code, ended_by = child.exitstatus, child.signalstatus
            break
        if call and len(call.asked) > answered:
            child.sendline(answers[call.asked[answered]])
            answered += 1
    else:
        if not child.isalive():  # the wrapper, before what it started
            exit_code, ended_by = child.exitstatus, child.signalstatus
        stop(call.hangs)
    child.close(force=True)
    shown = screen.decode("utf-8", "replace").replace("\r\n", "\n")
    return Played(shown, exit_code, ended_by, appliance.calls()[before])


ENDS = {
    "java killed": (128 + signal.SIGKILL, None),
    "wrapper killed": (None, signal.SIGKILL),
    "both killed": (None, signal.SIGKILL),
    "hangs": (None, None),
    "hangs on": (None, None),
    "hangs at once": (None, None),
}


def expected_questions(row: Variant, command: str) -> list[str]:
    """Return what a row asks for."""
    if row.ends == "hangs at once":
        return []
    usual = {"verify": (USERNAME, PASSWORD_PROMPT), "update": (PASSWORD_PROMPT,)}[command]
    texts = (usual if row.asks is None else row.asks) + (row.tries - 1) * (PASSWORD_PROMPT,)
    return [KINDS.get(text, "password") for text in texts]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", VARIANTS)
def test_variant(appliance: Appliance, name: str, command: str) -> None:
    """Every row of the table asks, changes, shows and ends as it says, fact or assumption."""
    row = VARIANTS[name]
    appliance.behave(**{command: name}, late=row.late / 10, slow=row.slow / 10, size=row.size and 100_000)

    played = play(appliance, COMMANDS[command])

    assert ENDS.get(row.ends, (row.code, None)) == (played.exit_code, played.signal)
    assert expected_questions(row, command) == played.call.asked == played.call.answered
    assert ("0" if command == "update" and row.changes else MARKER_TIME) == appliance.marker()
    assert PASSWORD not in played.screen or "password" in name or row.echo != "off"
    assert len(played.screen) >= (25_000 if row.noise else 0)


@pytest.mark.parametrize(
    ("name", "asked", "ends", "marker"),
    [
        ("no-notice", ["password"], (0, None), "0"),
        ("sql-error", ["password"], (0, None), MARKER_TIME),
        ("locked", ["password"], (1, None), "0"),
        ("variable-missing", [], (1, None), MARKER_TIME),
        ("another-prompt", [], (None, None), MARKER_TIME),
        ("signal", ["password"], (137, None), "0"),
    ],
)
def test_recording(
    appliance: Appliance, name: str, asked: list[str], ends: tuple[int | None, int | None], marker: str
) -> None:
    """A recording is played as it is: its lines before and behind the password, its end, and no change if it failed."""
    appliance.behave(update=name)

    played = play(appliance, UPDATE)

    assert (asked, ends, marker) == (played.call.asked, (played.exit_code, played.signal), appliance.marker())
    recording = load(f"{TRANSCRIPTS}/{name}.txt")
    shown = [line.replace("\t", "") for line in played.screen.splitlines() if not line.startswith(PASSWORD_PROMPT)]
    assert [line.replace("\t", "") for line in recording.before + recording.after] == shown


def test_verify_transcript(appliance: Appliance) -> None:
    """Manage-secrets asks for name and password and prints one line (documented)."""
    played = play(appliance, VERIFY)

    assert (
        f"Please enter OC Administrator username: {ADMIN}\n"
        "Please enter OC Administrator password: \n"
        f"com.rsa.db.dba.password: {DBA_SECRET}\n"
    ) == played.screen


def test_update_transcript(appliance: Appliance) -> None:
    """Update_config prints a NOTICE and one empty row (an assumption, by analogy with add_config)."""
    played = play(appliance, UPDATE)

    prompt, notice, *table = played.screen.splitlines()
    assert prompt == "Please enter OC Administrator password: "
    assert notice.startswith("psql.bin:/tmp/")
    assert notice.endswith(f'.sql:108: NOTICE:  Updated the configuration parameter "{MARKER}" with the value "0"')
    assert [" update_config", "---------------", "", "(1 row)", ""] == table


def test_lockout(appliance: Appliance) -> None:
    """Five failures lock for 60 minutes, after which even the right password fails (documented)."""
    screens = [play(appliance, UPDATE, password="wrong-1!").screen for _ in range(5)]

    locked = play(appliance, UPDATE)

    assert ["invalid" in screen for screen in screens] == [True] * 5
    assert ("locked" in locked.screen, locked.exit_code) == (True, 1)
    assert appliance.read("administrators")[ADMIN]["locked_until"] == pytest.approx(time.time() + 3600, abs=60)
    assert MARKER_TIME == appliance.marker()


def test_call_is_recorded(appliance: Appliance) -> None:
    """The command line, the whole environment as given, the folder and the session are recorded, and no password."""
    environment = {"LC_ALL": "C", "RSA_AM_HOME": "/opt/rsa/am", "ODD": "a=b\udcff"}
    child = start(appliance, UPDATE, environment)
    type_password(appliance, child)
    child.expect(pexpect.EOF)
    child.wait()

    call = appliance.calls()[0]
    assert (list(UPDATE), environment, str(appliance.rsautil.parent)) == (call.argv, call.environment, call.folder)
    assert (child.pid, child.pid, child.pid, [True, True]) == (call.parent, call.group, call.session, call.terminals)
    assert PASSWORD not in (appliance.folder / "state" / "calls.jsonl").read_text()


def test_nobody_else_may_write(appliance: Appliance) -> None:
    """Nothing that stands for the vendor's folder can be written by group or world."""
    paths = [appliance.home, *appliance.home.rglob("*")]

    assert [] == [path for path in paths if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)]
    assert os.access(appliance.rsautil, os.X_OK)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json(value: object) -> None:
    """The engine's JSON is the standard library's."""
    assert plain.dumps(value) == json.dumps(value)
    assert value == plain.loads(json.dumps(value, indent=1))
