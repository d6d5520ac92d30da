"""The journal: the file that audit records are appended to, with its locks, its head file and its spare room.

Everything is opened relative to the folder, which is held open, so that nobody can swap it for another in between.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.audit import locks
from onbox.audit.files import ends_torn, lines_from_end, make_folder, open_own, replace, write_all
from onbox.audit.locks import holder
from onbox.audit.reader import record_of
from onbox.audit.record import GENESIS, Record, read
from onbox.errors import Code, OnboxError

FILE, HEAD_FILE, BALLAST = "audit.jsonl", "tip.json", "ballast"
RUN_LOCK, JOURNAL_LOCK = "run.lock", "journal.lock"
BALLAST_BYTES = 256 * 1024
# Room for all records of one run.
_TRIAL, _TRIAL_BYTES = "trial", 64 * 1024
_CHAIN_SECONDS, _RUN_SECONDS = 10, 0.5
_MOST_HEAD_BYTES = 4096
_HEAD = re.compile(r'\{"hash": "([0-9a-f]{64})", "seq": (0|[1-9]\d{0,18})\}\n', re.ASCII)


@dataclass(frozen=True)
class Head:
    """The last record of a chain: its number and its hash; `tip.json` keeps it so that a truncated journal shows."""

    seq: int = 0
    hash: str = GENESIS

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Head":
        """Give the head of a chain that ends with RECORD."""
        return cls(record["seq"], record["hash"])

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
        """Open the journal in FOLDER for the account UID, and make what is missing.

        Raises:
            OnboxError: if folder or file is not UID's alone or can't be opened.
        """
        self.path = folder / FILE
        self._place, self._uid = folder, uid
        self._locks: dict[str, int] = {}
        self._size, self._behind, self._urgent = 0, "", False
        with ExitStack() as opened:
            with _refused("journal-folder", folder):
                make_folder(str(folder))
                self._folder = open_own(str(folder), os.O_RDONLY, uid, kind=stat.S_IFDIR)
            opened.callback(os.close, self._folder)
            with _refused("journal-file", self.path):
                self._file = open_own(FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, uid, folder=self._folder)
                opened.callback(os.close, self._file)
                os.fsync(self._folder)
            for name in (RUN_LOCK, JOURNAL_LOCK):
                with _refused("journal-file", folder / name):
                    self._locks[name] = self._open_lock(name)
                opened.callback(os.close, self._locks[name])
            self._opened = opened.pop_all()

    def _open_lock(self, name: str) -> int:
        # Without the right to write, so that `chattr +a` on all files of the folder does no harm.
        lock = open_own(name, os.O_RDONLY | os.O_CREAT, self._uid, folder=self._folder)
        if os.fstat(lock).st_mode & 0o077:
            # An account that can open a file can lock it.
            os.fchmod(lock, 0o600)
        return lock

    def close(self) -> None:
        """Close the files and give up the locks."""
        self._opened.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is wrong with the files of a journal that takes records all the same."""
        found = []
        if (names := os.fstat(self._file).st_nlink) > 1:
            found.append(f"{self.path} has {names} names (hard links): it can be changed under another one.")
        if self._behind:
            found.append(f"{HEAD_FILE} is behind the audit journal ({self._behind}): see lsattr and df -i.")
        return tuple(found)

    def claim_run(self) -> None:
        """Be the only run on this appliance until `close`.

        Raises:
            OnboxError: if another run is in progress.
        """
        if not self._take(RUN_LOCK, _RUN_SECONDS):
            other = holder(self._place / RUN_LOCK)
            raise OnboxError("another-run", holder=f": {other}" if other else "")

    def records_from_end(self) -> Iterator[Record]:
        """Yield the records, the newest first; lines that are none are left to `verify`."""
        return filter(None, map(record_of, lines_from_end(self._file)))

    @contextmanager
    def chain(self) -> Iterator[Head]:
        """Hold the chain for one record: give its head, which the record must name as the one before it.

        Raises:
            OnboxError: if another process holds it too long, or the end of the journal is damaged.
        """
        with self._held():
            head, incomplete = self._end()
            if incomplete:
                raise self._damaged("its last record is incomplete")
            self._size = os.fstat(self._file).st_size
            yield head

    def end(self) -> tuple[Head, bytes]:
        """Give the head of the chain, and the bytes of an incomplete record behind it.

        Raises:
            OnboxError: if another process holds the chain too long, the end of the journal is damaged,
                or the bytes of an incomplete record cannot be removed.
        """
        with self._held():
            head, incomplete = self._end()
            if incomplete:
                with _refused("journal-append-only", self.path):
                    # Refused for an append-only file, and changes nothing of another one.
                    os.ftruncate(self._file, os.fstat(self._file).st_size)
            return head, incomplete

    def _end(self) -> tuple[Head, bytes]:
        lines = lines_from_end(self._file)
        incomplete = next(lines) if ends_torn(self._file) else b""
        return self._head(next(lines, None)), incomplete

    def _take(self, name: str, seconds: float) -> bool:
        with _refused("journal-file", self._place / name):
            return locks.take(self._locks[name], seconds)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other writers away; a record that must be written now does not wait for one that stands still."""
        if self._urgent:
            with suppress(OnboxError):
                self._take(JOURNAL_LOCK, 0)
        elif not self._take(JOURNAL_LOCK, _CHAIN_SECONDS):
            raise OnboxError("journal-write", path=self.path, detail="another process holds its lock")
        try:
            yield
        finally:
            fcntl.flock(self._locks[JOURNAL_LOCK], fcntl.LOCK_UN)

    def _head(self, line: bytes | None) -> Head:
        """Give the head of the chain that ends with LINE, if that is the end that the head file knows."""
        with _refused("journal-damaged", self.path):
            if not os.path.samestat(self.path.lstat(), os.fstat(self._file)):
                raise self._damaged("another file took its name while it was in use")
        try:
            found = Head() if line is None else Head.of(read(line))
        except ValueError as error:
            raise self._damaged(f"its last complete line is no record ({error})") from None
        noted = self._noted()
        if noted.seq > found.seq:
            raise self._damaged(f"it ends with record {found.seq}, but {HEAD_FILE} names record {noted.seq}")
        if noted.seq == found.seq and noted.hash != found.hash:
            raise self._damaged(f"record {found.seq} is not the one that {HEAD_FILE} names")
        self._behind = f"it names record {noted.seq} of {found.seq}" if noted.seq < found.seq else ""
        return found

    def _damaged(self, detail: str) -> OnboxError:
        return OnboxError("journal-damaged", path=self.path, detail=detail)

    def _noted(self) -> Head:
        path = self._place / HEAD_FILE
        with _refused("journal-file", path), suppress(FileNotFoundError):
            descriptor = open_own(HEAD_FILE, os.O_RDONLY, self._uid, folder=self._folder)
            try:
                return Head.read(os.read(descriptor, _MOST_HEAD_BYTES))
            except ValueError as error:
                raise OnboxError("journal-damaged", path=path, detail=error) from None
            finally:
                os.close(descriptor)
        return Head()

    def append(self, line: str, head: Head) -> None:
        """Write one canonical record, the new HEAD of the chain, to the disk; to be called inside `chain`.

        Raises:
            OnboxError: if it could not be written whole; the file is then as it was before, unless it is append-only.
        """
        if os.fstat(self._file).st_size != self._size:
            raise OnboxError("journal-write", path=self.path, detail="another process wrote to it at the same time")
        with _refused("journal-write", self.path):
            try:
                write_all(self._file, line.encode("ascii") + b"\n")
                os.fsync(self._file)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._file, self._size)
                    os.fsync(self._file)
                raise
        # The record is safe without it: a head file that is behind is a smaller safeguard, not a lost record.
        try:
            replace(HEAD_FILE, head.text(), self._folder)
            self._behind = ""
        except OSError as error:
            self._behind = str(error.strerror)

    def reserve(self) -> None:
        """Keep room on the disk for the result of this run, and try whether its other records have room too.

        Raises:
            OnboxError: if folder or disk do not take them.
        """
        ballast = self._place / BALLAST
        # Random bytes: a file system that compresses or leaves out zeros would keep no room for them.
        with _refused("journal-write", ballast):
            if not ballast.is_file() or ballast.stat().st_size < BALLAST_BYTES:
                replace(BALLAST, os.urandom(BALLAST_BYTES), self._folder)
        with _refused("journal-write", self._place):
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
        with self._held():
            _, incomplete = self._end()
            if not incomplete:
                return ""
            name = f"torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            with _refused("journal-write", self._place):
                replace(name, incomplete, self._folder)
                os.ftruncate(self._file, os.fstat(self._file).st_size - len(incomplete))
                os.fsync(self._file)
            return name


@contextmanager
def _refused(code: Code, path: Path) -> Iterator[None]:
    """Refuse with CODE what the system refuses at PATH, and give its reason."""
    try:
        yield
    except OSError as error:
        raise OnboxError(code, path=path, detail=error.strerror) from None
