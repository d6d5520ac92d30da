"""In every fault: nothing changed without a record, nothing claimed without proof, nothing leaked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from faults.rows import FAULTS
from faults.table import RECORDS, Fault
from faults.watch import alive, wait_until

from onbox.audit.record import GENESIS, digest
from onbox.errors import MESSAGES
from onbox.rsautil.commands import CHECK_ARGUMENTS, update_arguments

if TYPE_CHECKING:
    from faults.scene import Scene

ARGUMENTS = {"verify": list(CHECK_ARGUMENTS), "update": list(update_arguments("ocadmin"))}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "xterm", "LC_ALL": "C"}


ROWS = [
    pytest.param(fault, id=name, marks=[pytest.mark.root] if fault.root else [])
    for rows in FAULTS.values()
    for name, fault in rows.items()
]


@pytest.mark.parametrize("fault", ROWS)
def test_fault(fault: Fault, scene: Scene) -> None:
    """The run ends as the row says, all of it is on record, nothing is left running, and no secret got out."""
    scene.machine.behave(verify=fault.verify, update=fault.update, **fault.behaviour)
    scene.settings(timeouts=fault.timeouts)
    if fault.prepare:
        fault.prepare(scene)

    fault.play(scene)

    screen, journal = "\n".join(shown.screen for shown in scene.shown), scene.journal()
    assert fault.end.code == scene.shown[-1].exit_code, screen
    records = [(record["event"], record["outcome"]) for record in journal]
    assert [RECORDS[word] for word in fault.end.records.split()] == records
    assert [ARGUMENTS[name] for name in fault.end.called.split()] == [call.argv for call in scene.machine.calls()]
    changed = scene.machine.marker() == "0"
    assert fault.end.changed in (None, changed)
    assert changed or scene.marker_before == scene.machine.marker()
    assert_told(fault, journal, screen)
    assert_chained(journal)
    assert_calls(scene, journal)
    assert_no_secret(scene, "" if fault.visible else screen)


def assert_told(fault: Fault, journal: list[dict[str, Any]], screen: str) -> None:
    """Require the words of the row on the screen, and the last of its codes in the last record."""
    line = re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen))  # without styles
    for words in fault.told:
        for part in re.split(r"{[^}]*}", MESSAGES[words][1]) if words in MESSAGES else [words]:
            assert part.strip() in line
    codes = [words for words in fault.told if words in MESSAGES]
    if codes and fault.end.records:
        assert codes[-1] == journal[-1]["code"]


def assert_chained(journal: list[dict[str, Any]]) -> None:
    """Require a journal in which each record names the one before it."""
    previous = GENESIS
    for number, record in enumerate(journal, 1):
        assert (number, previous, digest(record)) == (record["seq"], record["prev"], record["hash"])
        previous = record["hash"]


def assert_calls(scene: Scene, journal: list[dict[str, Any]]) -> None:
    """Require that rsautil was told only what it may know, began after its attempt, and left no process behind."""
    calls = scene.machine.calls()
    for call in calls:
        names = {name for name in call.environment if not name.startswith("RSA_")}
        assert {"HOME", "USER", "LOGNAME", "SHELL", "PSQLRC", *ENVIRONMENT} == names
        assert ENVIRONMENT.items() <= call.environment.items()
    times = [datetime.fromisoformat(each["time"]) for each in journal if each["event"] == "resync.attempt"]
    updates = [call.time for call in calls if call.argv[0] == "store"]
    for number, began in enumerate(updates, 1):
        assert number <= sum(time.timestamp() <= began for time in times)
    pids = {pid for call in calls for pid in (call.pid, call.parent, call.left, call.hangs) if pid}
    wait_until(lambda: not alive(pids, {call.session for call in calls}), 5)


def assert_no_secret(scene: Scene, screen: str) -> None:
    """Require that neither the password nor what the check of it prints got anywhere, nor a traceback to the screen."""
    scene.watcher.look()
    copies = b"\n".join(scene.syslog.messages).decode()
    assert set() == scene.watcher.found
    for secret in (scene.password, scene.dba):
        assert secret not in screen + copies
    assert "Traceback" not in screen
