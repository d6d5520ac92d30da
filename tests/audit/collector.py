"""A real rsyslogd that takes the copies of the records, as a site would run it."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 20
# docs/audit.md shows a site the same actions.
SETTINGS = """
module(load="imuxsock" SysSock.Use="off")
module(load="mmjsonparse")
input(type="imuxsock" Socket="{folder}/log" CreatePath="off")
template(name="json" type="list") {{ property(name="$!all-json") constant(value="\\n") }}
template(name="priority" type="string" string="%syslogtag% %syslogfacility-text%.%syslogseverity-text%\\n")
action(type="omfile" file="{folder}/priorities" template="priority")
action(type="omfile" file="{folder}/plain")
action(type="mmjsonparse")
if $parsesuccess == "OK" then action(type="omfile" file="{folder}/json" template="json")
"""


@dataclass(frozen=True)
class Collector:
    """rsyslogd with a socket and files of its own in *folder*."""

    folder: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start it, and return when it listens."""
        folder.mkdir(exist_ok=True)
        settings = folder / "rsyslog.conf"
        settings.write_text(SETTINGS.format(folder=folder))
        process = subprocess.Popen(["rsyslogd", "-n", "-f", str(settings), "-i", str(folder / "pid")])
        collector = cls(folder, process)
        _wait_for((folder / "log").is_socket)
        return collector

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.folder / "log")

    def stop(self) -> None:
        """Stop it; its socket stays, as that of one that died."""
        self.process.terminate()
        self.process.wait(SECONDS)

    def records(self, count: int) -> list[dict[str, Any]]:
        """Return the *count* records that came out on the other side, when they have."""
        path = self.folder / "json"
        _wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
