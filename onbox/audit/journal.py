"""The journal: the file that audit records are appended to, with its locks, its head file and its spare room.

Everything is opened relative to the folder, which is held open, so that it cannot be swapped for another in between.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onbox.audit.files import lines_from_end, make_folder, open_own, replace, write_all
from onbox.audit.reader import FILE, record_of
from onbox.audit.record import GENESIS, Fields, Record, canonical, read, sealed, shown
from onbox.errors import Code, OnboxError

HEAD_FILE, BALLAST = "tip.json", "ballast"
RUN_LOCK, JOURNAL_LOCK = "run.lock", "journal.lock"
BALLAST_BYTES = 256 * 1024
# Room for all records of one run.
_TRIAL, _TRIAL_BYTES = "trial", 64 * 1024
_CHAIN_SECONDS, _RUN_SECONDS, _POLL_SECONDS = 10, 0.5, 0.02
_HEAD = re.compile(r'\{"hash": "([0-9a-f]{64})", "seq": (0|[1-9]\d{0,18})\}\n', re.ASCII)


@dataclass(frozen=True)
class Head:
    """The last record of a chain: its number and its hash; `tip.json` keeps it so that a truncated journal shows."""

    seq: int = 0
    hash: str = GENESIS

    @classmethod
    def read(cls, content: bytes) -> "Head":
        """Read the CONTENT of a head file.

        Raises:
            ValueError: if it is anything but what `text` gives.
        """
        found = _HEAD.fullmatch(content.decode("ascii", "replace"))
        if not found:
            raise ValueError("it is not what onbox writes")
        return cls(int(found[2]), found[1])

    def text(self) -> bytes:
        """Give what stands in the head file."""
        return f'{{"hash": "{self.hash}", "seq": {self.seq}}}\n'.encode()


class Journal:
    """`audit.jsonl` of one folder, held open by one process.

    A folder or file that another account could have prepared is refused: the chain would prove nothing.
    """

    def __init__(self, folder: Path, uid: int) -> None:
        """Open the journal in FOLDER for the account UID until `close`, and make what is missing.

        Raises:
            OnboxError: if folder or file is not UID's alone or can't be opened.
        """
        self.path = folder / FILE
        self._place, self._uid = folder, uid
        self._locks: dict[str, int] = {}
        self._size, self._behind, self._urgent = 0, False, False
        with ExitStack() as opened:
            with _refused("journal-folder", folder):
                make_folder(folder)
                self._folder = open_own(str(folder), os.O_RDONLY | os.O_DIRECTORY, uid)
            opened.callback(os.close, self._folder)
            with _refused("journal-file", self.path):
                self._file = open_own(FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, uid, folder=self._folder)
                opened.callback(os.close, self._file)
                os.fsync(self._folder)
            for name in (RUN_LOCK, JOURNAL_LOCK):
                with _refused("journal-file", folder / name):
                    # Without the right to write, so that `chattr +a` on all files of the folder does no harm.
                    lock = self._locks[name] = open_own(name, os.O_RDONLY | os.O_CREAT, uid, folder=self._folder)
                    opened.callback(os.close, lock)
                    if os.fstat(lock).st_mode & 0o077:
                        os.fchmod(lock, 0o600)  # an account that can open a file can lock it
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files, which ends the locks; all records are on the disk, so an error says nothing of them."""
        with suppress(OSError):
            self._opened.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is wrong with the files of a journal that takes records all the same."""
        found = []
        if (names := os.fstat(self._file).st_nlink) > 1:
            found.append(f"{self.path} has {names} names (hard links): it can be changed under another one.")
        if self._behind:
            found.append(f"{HEAD_FILE} is behind the audit journal: see lsattr and df -i.")
        return tuple(found)

    def claim_run(self) -> None:
        """Be the only run on this appliance until `close`.

        Raises:
            OnboxError: if another run is in progress.
        """
        if not self._lock(RUN_LOCK, _RUN_SECONDS):
            other = holder(self._place / RUN_LOCK)
            raise OnboxError("another-run", holder=f": {other}" if other else "")

    def records_from_end(self) -> Iterator[Record]:
        """Yield the records, the newest first; lines that are none are left to `verify`."""
        return filter(None, map(record_of, lines_from_end(self._file)))

    @contextmanager
    def chain(self) -> Iterator[tuple[Head, bytes]]:
        """Keep other writers away, and give the head of the chain and the bytes of an incomplete record behind it.

        A record that must be written now does not wait for a writer that stands still.

        Raises:
            OnboxError: if another process holds the chain too long, the end of the journal is damaged,
                or the bytes of an incomplete record cannot be removed.
        """
        if not self._lock(JOURNAL_LOCK, 0 if self._urgent else _CHAIN_SECONDS) and not self._urgent:
            raise OnboxError("journal-write", path=self.path, detail="another process holds its lock")
        try:
            self._size = os.fstat(self._file).st_size
            head, incomplete = self._end()
            if incomplete:
                # Linux opens an append-only file for appending only.
                with _refused("journal-append-only", self.path):
                    os.close(os.open(FILE, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._folder))
            yield head, incomplete
        finally:
            fcntl.flock(self._locks[JOURNAL_LOCK], fcntl.LOCK_UN)

    def append(self, fields: Mapping[str, Any]) -> Fields:
        """Seal the record of FIELDS as the next one of the chain, write it to the disk and give it.

        Raises:
            OnboxError: if the end of the journal is damaged, or the record could not be written whole;
                the file is then as it was before, unless it is append-only.
        """
        with self.chain() as (head, incomplete):
            if incomplete:
                raise OnboxError("journal-damaged", path=self.path, detail="its last record is incomplete")
            record = sealed(fields, seq=head.seq + 1, prev=head.hash)
            if os.fstat(self._file).st_size != self._size:
                raise OnboxError("journal-write", path=self.path, detail="another process wrote to it at the same time")
            with _refused("journal-write", self.path):
                try:
                    write_all(self._file, canonical(record).encode("ascii") + b"\n")
                    os.fsync(self._file)
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(self._file, self._size)
                        os.fsync(self._file)
                    raise
            # The record is safe without it: a head file that is behind is a smaller safeguard, not a lost record.
            self._behind = True
            with suppress(OSError):
                replace(HEAD_FILE, Head(head.seq + 1, record["hash"]).text(), self._folder)
                self._behind = False
            return record

    def reserve(self) -> None:
        """Keep room on the disk for the result of this run, and try whether its other records have room too.

        Raises:
            OnboxError: if folder or disk do not take them.
        """
        ballast = self._place / BALLAST
        # Random bytes: a file system that compresses or leaves out zeros would keep no room for them.
        with _refused("journal-write", self._place):
            if not ballast.is_file() or ballast.stat().st_size < BALLAST_BYTES:
                replace(BALLAST, os.urandom(BALLAST_BYTES), self._folder)
            replace(_TRIAL, os.urandom(_TRIAL_BYTES), self._folder)
            os.unlink(_TRIAL, dir_fd=self._folder)

    def release(self) -> None:
        """Give up the kept room, and the wait for other writers, for a record that must be written now."""
        self._urgent = True
        with suppress(OSError):
            os.unlink(BALLAST, dir_fd=self._folder)

    def move_incomplete_record(self) -> str:
        """See that the journal is sound, and move the bytes of an incomplete last record into a file of their own.

        Gives that file's name, or "" if the last record is complete.

        Raises:
            OnboxError: if the end of the journal is damaged or the bytes could not be moved; it is unchanged then.
        """
        with self.chain() as (_, incomplete), _refused("journal-write", self._place):
            if not incomplete:
                return ""
            name = f"torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            replace(name, incomplete, self._folder)
            os.ftruncate(self._file, self._size - len(incomplete))
            os.fsync(self._file)
            return name

    def _lock(self, name: str, seconds: float) -> bool:
        """Take the lock NAME, and tell whether that worked within SECONDS."""
        deadline = time.monotonic() + seconds
        with _refused("journal-file", self._place / name):
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(self._locks[name], fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                if time.monotonic() > deadline:
                    return False
                time.sleep(_POLL_SECONDS)

    def _end(self) -> tuple[Head, bytes]:
        """Read the end that `chain` gives, and see that the head file knows no other."""
        with _refused("journal-damaged", self.path):
            if not os.path.samestat(self.path.lstat(), os.fstat(self._file)):
                raise ValueError("another file took its name while it was in use")
            lines = lines_from_end(self._file)
            incomplete = next(lines)
            last, noted = next(lines, None), Head()
            with _refused("journal-file", self._place / HEAD_FILE), suppress(FileNotFoundError):
                descriptor = open_own(HEAD_FILE, os.O_RDONLY, self._uid, folder=self._folder)
                with os.fdopen(descriptor, "rb") as file:
                    noted = Head.read(file.read())
            try:
                record: Record = {"seq": 0, "hash": GENESIS} if last is None else read(last)
            except ValueError as error:
                raise ValueError(f"its last complete line is no record ({error})") from None
            head = Head(record["seq"], record["hash"])
            if noted.seq > head.seq:
                raise ValueError(f"it ends with record {head.seq}, but {HEAD_FILE} names record {noted.seq}")
            if noted.seq == head.seq and noted.hash != head.hash:
                raise ValueError(f"record {head.seq} is not the one that {HEAD_FILE} names")
            self._behind = noted.seq < head.seq
            return head, incomplete


@contextmanager
def _refused(code: Code, path: Path) -> Iterator[None]:
    """Refuse with CODE what the system refuses at PATH, and as damaged what is not as it was written."""
    try:
        yield
    except OSError as error:
        raise OnboxError(code, path=path, detail=error.strerror) from None
    except ValueError as error:
        raise OnboxError("journal-damaged", path=path, detail=error) from None


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock, its terminal (None: it has none) and its start."""

    pid: int
    tty: str | None
    since: datetime

    def __str__(self) -> str:
        """Say it for people."""
        return f"process {self.pid}{f' on {self.tty}' if self.tty else ''} since {shown(self.since)}"


def holder(path: Path) -> Holder | None:
    """Say who holds the lock on the file PATH, without taking it; None if it is free or that can't be told.

    The device in /proc/locks is not that of stat() on btrfs and overlayfs.
    So the process with that inode must also have this very file open.
    """
    with suppress(OSError):
        status = path.stat()
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            # "7: FLOCK  ADVISORY  WRITE 4711 fe:00:131074 0 EOF"; with "->" as the second word it waits.
            _, kind, _, _, pid, file, *_ = line.split()
            process = Path("/proc", pid)
            if kind != "FLOCK" or not file.endswith(f":{status.st_ino}"):
                continue
            if any(os.path.samestat(each.stat(), status) for each in (process / "fd").iterdir() if each.exists()):
                input_ = str((process / "fd" / "0").readlink())
                tty = input_ if input_.startswith("/dev/") and input_ != os.devnull else None
                # proc(5): field 22 is the start after boot, in clock ticks; field 2 may hold blanks and brackets.
                ticks = int((process / "stat").read_bytes().rpartition(b")")[2].split()[19])
                seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
                return Holder(int(pid), tty, datetime.now(UTC) - timedelta(seconds=seconds))
    return None
