"""Locks of files, and who holds one."""

import fcntl
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onbox.audit.history import shown

_LOCKS = Path("/proc/locks")
_POLL_SECONDS = 0.02


def take(descriptor: int, seconds: float) -> bool:
    """Lock the open file DESCRIPTOR, and tell whether that worked within SECONDS.

    Raises:
        OSError: if the file system can't lock it.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, its terminal and its start; None stands for what this account can't read."""

    pid: int
    tty: str | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        """Say it for people."""
        tty = f" on {self.tty}" if self.tty else ""
        since = f" since {shown(self.since)}" if self.since else ""
        return f"process {self.pid}{tty}{since}"


def holder(path: Path) -> Holder | None:
    """Say who holds the lock on the file PATH, without taking it; None if nobody does or that can't be told.

    The device in /proc/locks is not that of stat() on btrfs and overlayfs. So a process is named
    if it has this very file open, or, if its files can't be read, if the device is the same too.
    """
    with suppress(OSError):
        status = path.stat()
        for line in _LOCKS.read_text("ascii").splitlines():
            # "7: FLOCK  ADVISORY  WRITE 4711 fe:00:131074 0 EOF"; with "->" as the second word it waits.
            _, kind, _, _, pid, file, *_ = line.split()
            if kind == "FLOCK" and file.rpartition(":")[2] == str(status.st_ino):
                return _process(Path("/proc", pid), file, status)
    return None


def _process(folder: Path, file: str, status: os.stat_result) -> Holder | None:
    pid = int(folder.name)
    try:
        descriptors = list((folder / "fd").iterdir())
    except PermissionError:
        known = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        return Holder(pid) if file == known else None
    if not any(os.path.samestat(descriptor.stat(), status) for descriptor in descriptors if descriptor.exists()):
        return None
    terminal = str((folder / "fd" / "0").readlink())
    is_terminal = terminal.startswith("/dev/") and terminal != os.devnull
    # proc(5): field 22 is the start after boot, in clock ticks; the name in field 2 may hold blanks and brackets.
    ticks = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[19])
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return Holder(pid, terminal if is_terminal else None, datetime.now(UTC) - timedelta(seconds=seconds))
