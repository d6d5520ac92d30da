"""The journal: the file that audit records are appended to, with its locks, its head file and its spare room.

Everything is opened relative to the folder, which is held open, so that nobody can swap it for another in between.
"""

import errno
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onbox.audit.files import ends_torn, lines_from_end, make_folder, open_own, replace, write_all
from onbox.audit.locks import Holder, Lock, holder
from onbox.audit.reader import record_of
from onbox.audit.record import GENESIS, Record, read
from onbox.errors import Code, OnboxError
from onbox.messages import message_of

FILE, HEAD_FILE, BALLAST = "audit.jsonl", "tip.json", "ballast"
RUN_LOCK, JOURNAL_LOCK = "run.lock", "journal.lock"
BALLAST_BYTES = 256 * 1024
_CHAIN_SECONDS, _RUN_SECONDS = 10, 0.5
_MOST_HEAD_BYTES = 4096
_HASH = re.compile("[0-9a-f]{64}")


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
        try:
            head = cls(**json.loads(content))
            whole = type(head.seq) is int and head.seq >= 0 and _HASH.fullmatch(head.hash) and head.text() == content
        except (ValueError, TypeError, RecursionError):
            whole = False
        if not whole:
            raise ValueError("it is not what onbox writes")
        return head

    def text(self) -> bytes:
        """Give what stands in the head file."""
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"


class Journal:
    """`audit.jsonl` of one folder, held open by one process.

    A folder or file that another account could have prepared is refused: the chain would prove nothing.
    """

    def __init__(self, folder: Path, uid: int, *, reading: bool = False) -> None:
        """Open the journal in FOLDER for the account UID, and make what is missing.

        READING opens what is there, makes nothing and changes nothing.

        Raises:
            OnboxError: if folder or file is not UID's alone or can't be opened.
        """
        self.path = folder / FILE
        self._place, self._uid = folder, uid
        self._size, self._behind, self._urgent = 0, "", False
        flags = os.O_RDONLY if reading else os.O_RDWR | os.O_APPEND | os.O_CREAT
        with ExitStack() as opened:
            with _refused("journal-folder", folder):
                if not reading:
                    make_folder(str(folder))
                self._folder = open_own(str(folder), os.O_RDONLY, uid, kind=stat.S_IFDIR)
            opened.callback(os.close, self._folder)
            with _refused("journal-file", self.path):
                self._file = open_own(FILE, flags, uid, folder=self._folder)
                opened.callback(os.close, self._file)
                if not reading:
                    os.fsync(self._folder)
            self._run = Lock(folder / RUN_LOCK, self._folder, uid, reading=reading)
            opened.callback(self._run.close)
            self._chain = Lock(folder / JOURNAL_LOCK, self._folder, uid, reading=reading)
            opened.callback(self._chain.close)
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Close the files and give up the locks."""
        self._opened.close()

    @property
    def flaws(self) -> tuple[OnboxError, ...]:
        """Give what is wrong with the files of a journal that takes records all the same."""
        found = []
        if (names := os.fstat(self._file).st_nlink) > 1:
            found.append(OnboxError("journal-linked", path=self.path, count=names))
        if self._behind:
            found.append(OnboxError("head-behind", path=self._place / HEAD_FILE, detail=self._behind))
        return tuple(found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what `flaws` gives."""
        return tuple(f"{words.what} {words.advice}" for words in map(message_of, self.flaws))

    def claim_run(self) -> None:
        """Be the only run on this appliance until `close`.

        Raises:
            OnboxError: if another run is in progress.
        """
        if not self._run.take(_RUN_SECONDS):
            other = run_in_progress(self._place)
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
            if ends_torn(self._file):
                raise self._damaged("its last record is incomplete")
            self._size = os.fstat(self._file).st_size
            yield self._head(next(lines_from_end(self._file), None))

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other writers away; a record that must be written now does not wait for one that stands still."""
        if self._urgent:
            with suppress(OnboxError):
                self._chain.take(0)
        elif not self._chain.take(_CHAIN_SECONDS):
            raise OnboxError("journal-write", path=self.path, detail="another process holds its lock")
        try:
            yield
        finally:
            self._chain.give_up()

    def _head(self, line: bytes | None) -> Head:
        """Give the head of the chain that ends with LINE, if that is the end that the head file knows."""
        self._require_in_place()
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

    def _require_in_place(self) -> None:
        """See that the file is still the one that a reader would find."""
        try:
            in_place = os.path.samestat(self.path.lstat(), os.fstat(self._file))
        except OSError:
            in_place = False
        if not in_place:
            raise self._damaged("the file was moved or removed while it was in use")

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

    def has_room(self) -> bool:
        """Tell whether room for the result of a run is kept."""
        try:
            ballast = os.stat(BALLAST, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return stat.S_ISREG(ballast.st_mode) and ballast.st_size >= BALLAST_BYTES

    def reserve(self) -> None:
        """Keep room on the disk for the result of this run.

        Raises:
            OnboxError: if the disk has no room for it.
        """
        with _refused("journal-write", self._place / BALLAST):
            if not self.has_room():
                # Random bytes: a file system that compresses or leaves out zeros would keep no room for them.
                replace(BALLAST, os.urandom(BALLAST_BYTES), self._folder)

    def release(self) -> None:
        """Give up the kept room, and the wait for other writers, for a record that must be written now."""
        self._urgent = True
        with suppress(OSError):
            os.unlink(BALLAST, dir_fd=self._folder)

    def move_incomplete_record(self) -> str:
        """See that the journal is sound, and move the bytes of an incomplete last record into a file of their own.

        Gives that file's name, or "" if the last record is complete.

        Raises:
            OnboxError: if the end of the journal is damaged or the bytes could not be moved; nothing is changed then.
        """
        with self._held():
            lines = lines_from_end(self._file)
            incomplete = next(lines) if ends_torn(self._file) else b""
            self._head(next(lines, None))
            if not incomplete:
                return ""
            name = f"torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            with _refused("journal-write", self._place):
                replace(name, incomplete, self._folder)
                try:
                    os.ftruncate(self._file, os.fstat(self._file).st_size - len(incomplete))
                except OSError as error:
                    os.unlink(name, dir_fd=self._folder)
                    if error.errno == errno.EPERM:
                        raise OnboxError("journal-append-only", path=self.path) from None
                    raise
                os.fsync(self._file)
            return name


def run_in_progress(folder: Path) -> Holder | None:
    """Say which process runs `onbox resync` with the journal in FOLDER, as far as this account can tell."""
    return holder(folder / RUN_LOCK)


@contextmanager
def _refused(code: Code, path: Path) -> Iterator[None]:
    """Refuse with CODE what the system refuses at PATH, and give its reason."""
    try:
        yield
    except OSError as error:
        raise OnboxError(code, path=path, detail=error.strerror) from None
