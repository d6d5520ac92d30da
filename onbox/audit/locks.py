"""Locks, each on a file that no other account can open, and who holds one."""

import fcntl
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onbox.audit.files import open_own
from onbox.audit.history import shown
from onbox.errors import OnboxError

_LOCKS = Path("/proc/locks")
_POLL_SECONDS = 0.02


class Lock:
    """The lock of one file, which is made if it is missing; held until it is given up or the process ends."""

    def __init__(self, path: Path, folder: int, uid: int, *, reading: bool) -> None:
        """Open the file PATH in the open FOLDER; READING makes nothing, and nobody can hold a lock that is missing.

        Raises:
            OnboxError: if the file can't be opened, or belongs to another account than UID.
        """
        self._path = path
        self._file: int | None = None
        # Without the right to write, so that `chattr +a` on all files of the folder does no harm.
        flags = os.O_RDONLY if reading else os.O_RDONLY | os.O_CREAT
        try:
            self._file = open_own(path.name, flags, uid, folder=folder)
            # Whoever can open a file can lock it.
            if not reading and os.fstat(self._file).st_mode & 0o077:
                os.fchmod(self._file, 0o600)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise OnboxError("journal-file", path=path, detail=error.strerror) from None

    def take(self, seconds: float) -> bool:
        """Take the lock, and tell whether that worked within SECONDS.

        Raises:
            OnboxError: if the file system can't lock it.
        """
        deadline = time.monotonic() + seconds
        while self._file is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(_POLL_SECONDS)
            except OSError as error:
                raise OnboxError("journal-file", path=self._path, detail=error.strerror) from None
            else:
                return True
        return True

    def give_up(self) -> None:
        """Let others take the lock."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give up the lock and close the file."""
        if self._file is not None:
            os.close(self._file)


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, its terminal and its start; None stands for what this account can't read."""

    pid: int
    tty: str | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        """Say it for people."""
        text = f"process {self.pid}"
        if self.tty:
            text += f" on {self.tty}"
        if self.since:
            text += f" since {shown(self.since)}"
        return text


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
    return Holder(pid, _terminal(folder), _start(folder))


def _terminal(folder: Path) -> str | None:
    target = str((folder / "fd" / "0").readlink())
    return target if target.startswith("/dev/") and target != os.devnull else None


def _start(folder: Path) -> datetime:
    # proc(5): field 22 is the start after boot, in clock ticks; the name in field 2 may hold blanks and brackets.
    ticks = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[19])
    seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return datetime.now(UTC) - timedelta(seconds=seconds)
