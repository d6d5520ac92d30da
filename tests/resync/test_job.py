"""The job as a whole: each step is recorded, nothing is claimed without proof, and every way out is one of a few."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from appliance.make import ADMIN

from onbox.rsautil import commands

if TYPE_CHECKING:
    from faults.scene import Scene
    from rehearsal import Onbox

SHARED = ("run", "outcome", "code", "message", "seq", "hash")


def test_success(onbox: Onbox) -> None:
    """Each record says what the run knew by then, and the person is shown number and hash of the last."""
    run = onbox("resync", "--ticket", "CHG-1")

    assert 0 == run.exit_code
    check, update = onbox.machine.calls()
    verified, attempt, result = onbox.machine.journal()
    assert list(commands.update_arguments(ADMIN)) == update.argv
    assert [ADMIN] * 3 == [record["actor"]["admin"] for record in (verified, attempt, result)]
    assert [None, commands.CHANGE, commands.CHANGE] == [each["change"] for each in (verified, attempt, result)]
    assert [check.argv, update.argv, update.argv] == [
        record["process"]["argv"][1:] for record in (verified, attempt, result)
    ]
    assert [0, None, 0] == [record["process"]["exit_code"] for record in (verified, attempt, result)]
    assert ([], []) == (attempt["transcript"], attempt["evidence"])
    assert 1 == len({record["run"] for record in (verified, attempt, result)})
    assert 3 == result["seq"]
    assert result["hash"] in "".join(run.screen.split())


@pytest.mark.parametrize(
    ("variant", "exit_code", "outcome"),
    [("documented", 0, "success"), ("missing-error", 1, "failure"), ("no-output", 6, "unknown")],
)
def test_result(onbox: Onbox, variant: str, exit_code: int, outcome: str) -> None:
    """The record, a program and the exit code say the same, and the transcript is kept."""
    onbox.machine.behave(update=variant)

    run = onbox("resync", "--json")

    assert exit_code == run.exit_code
    said = json.loads(run.screen[run.screen.index('{"onbox"') :])
    record = onbox.machine.journal()[-1]
    assert ("resync.result", outcome) == (record["event"], record["outcome"])
    assert [said[name] for name in SHARED] == [record[name] for name in SHARED]
    assert {"evidence", "not_understood", "warnings", "record", "changed"} < set(said)
    assert record["transcript"]


@pytest.mark.parametrize(("arguments", "exit_code"), [((), 0), (("--dry-run",), 0), (("--confirm", "elsewhere"), 3)])
def test_silent_syslog(onbox: Onbox, arguments: tuple[str, ...], exit_code: int) -> None:
    """However a run ends, the person learns that its records left no copy."""
    config = onbox.machine.config.read_text()
    onbox.machine.config.write_text(config.replace('syslog = ""', 'syslog = "/none"'))

    run = onbox("resync", *arguments)

    assert exit_code == run.exit_code
    assert "The syslog copy was not sent (/none" in run.screen


def test_copy_required(scene: Scene) -> None:
    """If the syslog copy is required, there is no update without a copy of the attempt."""
    config = scene.machine.config
    config.write_text(config.read_text().replace("[timeouts]", "syslog_required = true\n[timeouts]"))

    shown = scene.stop_at("onbox.audit.journal:Journal.append 2 before", partial(scene.syslog.path.chmod, 0))

    assert 5 == shown.exit_code
    assert ["admin.verified", "resync.attempt", "resync.result"] == [each["event"] for each in scene.journal()]
    assert "syslog-required" == scene.journal()[-1]["code"]
    assert ["manage-secrets"] == [call.argv[0] for call in scene.machine.calls()]


@pytest.mark.parametrize("fault", ["journal", "log"])
def test_refusal_unrecorded(fault: str, scene: Scene) -> None:
    """A refusal keeps its reason and exit code if it cannot be recorded, and the person is told."""
    child = scene.spawn(plan="onbox.audit.record:sealed 1 before raise" if fault == "log" else "-")
    child.expect("Operations Console administrator: ")
    if fault == "journal":
        (scene.machine.audit / "audit.jsonl").unlink()
    child.sendintr()
    shown = scene.end(child)

    assert 130 == shown.exit_code
    assert "This refusal could not be recorded. " in " ".join(shown.screen.split())
