"""Observers of a run: for secrets, for the syslog copies, and for processes that are left."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAUSE = 0.2


def wait_until(what: Callable[[], object], seconds: float = 30) -> None:
    """Wait for *what* to become true, or fail."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def process_state(pid: int) -> str:
    """Return the state letter of a process; nothing when there is none."""
    return _status(pid)[0]


def _status(pid: int | str) -> list[str]:
    """Return state, parent, group and session of a process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:4]
    except OSError:
        return ["", "", "", ""]


def alive(pids: Iterable[int], sessions: Iterable[int]) -> list[str]:
    """Return which of these processes, and of those in these sessions, still run."""
    wanted, places = set(map(str, pids)), set(map(str, sessions))
    found = {folder.name: _status(folder.name) for folder in Path("/proc").glob("[0-9]*")}
    running = {pid: session for pid, (state, _, _, session) in found.items() if state not in ("", "Z", "X")}
    return [pid for pid, session in running.items() if pid in wanted or session in places]


class Watcher:
    """Searches all processes' arguments and environments, and the files below a folder, for secrets."""

    def __init__(self, secrets: tuple[str, ...], folder: Path, leave_out: Path) -> None:
        """Search for *secrets* below *folder* but not in *leave_out*, and in /proc."""
        self._secrets, self._folder, self._leave_out = secrets, folder, leave_out
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.found: set[str] = set()
        self.seen: set[int] = set()

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            self.look()

    def look(self) -> None:
        """Search once."""
        processes = list(Path("/proc").glob("[0-9]*"))
        files = [path for path in self._folder.rglob("*") if not path.is_relative_to(self._leave_out)]
        for path in [*(folder / name for folder in processes for name in ("cmdline", "environ")), *files]:
            with suppress(OSError):
                if path.is_file():
                    content = path.read_bytes()
                    self.found |= {f"{path}: {secret}" for secret in self._secrets if secret.encode() in content}
        self.seen |= {int(folder.name) for folder in processes}


class Syslog:
    """A syslog socket, in a folder with a name that is short enough for one, and what was sent to it."""

    def __init__(self, owner: tuple[int, int]) -> None:
        """Listen at `path`, which belongs to *owner*."""
        self._folder = Path(tempfile.mkdtemp(prefix="log"))
        self.path = self._folder / "log"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._folder.chmod(0o755)
        self.path.chmod(0o666)
        shutil.chown(self._folder, *owner)
        self._thread = threading.Thread(target=self._receive)
        self.messages: list[bytes] = []

    def __enter__(self) -> Self:
        """Begin to receive."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Receive what was sent so far, and end."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        shutil.rmtree(self._folder)

    def _receive(self) -> None:
        while message := self._socket.recv(65536):
            self.messages.append(message)
