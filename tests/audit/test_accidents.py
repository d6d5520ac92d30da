"""A result that no journal takes: a real run on a full disk, beside a real rsyslogd."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from collector import running
from faults.watch import wait_until
from rehearsal import ANSWERS

from onbox.audit.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearsal import Machine, Onbox


@pytest.fixture
def disk(appliance: Machine) -> Iterator[Path]:
    """Put the audit folder on a disk of 1 MiB."""
    owner = appliance.audit.stat()
    options = f"size=1m,mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(appliance.audit)], check=True)
    yield appliance.audit
    subprocess.run(["umount", str(appliance.audit)], check=True)


def fill(disk: Path) -> None:
    """Leave not a byte of room on *disk*, not even what was kept for the result."""
    (disk / "ballast").unlink()
    done = subprocess.run(["cp", "/dev/zero", str(disk / "filler")], capture_output=True, text=True, check=False)
    assert "No space left on device" in done.stderr


@pytest.mark.root
@pytest.mark.program("rsyslogd")
def test_result_that_cannot_be_recorded_is_not_lost(
    appliance: Machine, onbox: Onbox, disk: Path, tmp_path: Path
) -> None:
    """The terminal and syslog get it, verify finds the copy, and the next run records that a result is missing."""
    # Its record is too long for the room in the last block.
    appliance.behave(update="much-output", update_size=20_000, update_delay=2)
    with running(tmp_path / "rsyslog") as collector:
        appliance.config.write_text(
            appliance.config.read_text().replace('syslog = ""', f'syslog = "{collector.socket}"')
        )
        child = onbox.spawn("resync")
        for prompt, answer in ANSWERS.items():
            child.expect(prompt)
            child.sendline(answer)
        wait_until(lambda: len(appliance.journal()) == 2)
        fill(disk)
        screen = child.read()
        child.close()
        copies = collector.records(3)

    record = json.loads(next(line for line in screen.splitlines() if line.startswith("{")))
    assert (6, "resync.result", None) == (child.exitstatus, record["event"], record["seq"])
    assert record["hash"] == copies[-1]["hash"]
    assert ["admin.verified", "resync.attempt"] == [each["event"] for each in appliance.journal()]
    assert verify(appliance.audit / "audit.jsonl").problem is None
    checked = json.loads(onbox.without_terminal("audit", "verify", "--json", "--against", str(collector.plain)).screen)
    assert [record["run"]] == checked["copies"]["unrecorded"]

    (disk / "filler").unlink()
    appliance.behave(update="documented", update_delay=0)
    assert 0 == onbox("resync").exit_code
    assert ("run.abandoned", record["run"]) == (appliance.journal()[2]["event"], appliance.journal()[2]["run"])
