"""A real rsyslogd that takes the copies of the records, as a site would run it."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECONDS = 20
INPUT = """
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log" CreatePath="off")
"""
ACTIONS = """
module(load="mmjsonparse")
template(name="json" type="list") {{ property(name="$!all-json") constant(value="\\n") }}
template(name="priority" type="string" string="%syslogtag% %syslogfacility-text%.%syslogseverity-text%\\n")
action(type="omfile" file="{folder}/priorities" template="priority")
action(type="mmjsonparse")
if $parsesuccess == "OK" then action(type="omfile" file="{folder}/json" template="json")
"""


@dataclass(frozen=True)
class Collector:
    """rsyslogd with a socket and files of its own in *folder*."""

    folder: Path

    @property
    def socket(self) -> str:
        """The path of its socket."""
        return str(self.folder / "log")

    def records(self, count: int) -> list[dict[str, Any]]:
        """Return the *count* records that came out on the other side, when they have."""
        self.wait_for_lines(self.folder / "json", count)
        return [json.loads(line) for line in (self.folder / "json").read_text("utf-8").splitlines()]

    def wait_for_lines(self, path: Path, count: int) -> None:
        """Wait until it has written *count* lines to *path*."""
        _wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") >= count)


@contextmanager
def run_with(folder: Path, actions: str) -> Iterator[Collector]:
    """Run rsyslogd with *actions*, in a new *folder*."""
    folder.mkdir()
    settings = folder / "rsyslog.conf"
    settings.write_text(INPUT.format(folder=folder) + actions)
    with subprocess.Popen(["rsyslogd", "-n", "-f", str(settings), "-i", str(folder / "pid")]) as process:
        try:
            _wait_for((folder / "log").is_socket)
            yield Collector(folder)
        finally:
            process.terminate()


@contextmanager
def running(folder: Path) -> Iterator[Collector]:
    """Run rsyslogd in a new *folder*, writing the priority and the JSON of all it gets."""
    with run_with(folder, ACTIONS.format(folder=folder)) as collector:
        yield collector


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
