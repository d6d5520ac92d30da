"""The journal: the file that the audit records are appended to, with its lock, its chain and what an accident left.

Everything is opened relative to the folder, which is held open, so that nobody can swap it for another in between.
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onbox.audit import tip as tips
from onbox.audit.files import ends_torn, lines_from_end, make_folder, open_own, replace, write_all
from onbox.audit.record import Record, read
from onbox.audit.tip import Tip
from onbox.errors import OnboxError

FILE, BALLAST = "audit.jsonl", "ballast"
BALLAST_BYTES = 256 * 1024
_CHAIN_SECONDS, _RUN_SECONDS, _POLL_SECONDS = 10, 0.5, 0.02


class Journal:
    """`audit.jsonl` of one folder, held open by one run.

    A folder or file that somebody else could have prepared is refused: the chain would prove nothing.
    """

    def __init__(self, folder: Path, uid: int, *, reading: bool = False) -> None:
        """Open the journal in FOLDER for the account UID, and make both where they are missing.

        READING opens what is there, makes nothing and changes nothing.

        Raises:
            OnboxError: when folder or file is not UID's alone or can't be opened.
        """
        self.path = folder / FILE
        self._place = folder
        self._uid = uid
        try:
            if not reading:
                make_folder(str(folder))
            self._folder = open_own(str(folder), os.O_RDONLY, uid, kind=stat.S_IFDIR)
        except OSError as error:
            raise OnboxError("journal-folder", path=folder, detail=error.strerror) from None
        try:
            self._file = self._open_file(os.O_RDONLY if reading else os.O_RDWR | os.O_APPEND | os.O_CREAT)
        except OSError as error:
            os.close(self._folder)
            raise OnboxError("journal-file", path=self.path, detail=error.strerror) from None

    def _open_file(self, flags: int) -> int:
        descriptor = open_own(FILE, flags, self._uid, folder=self._folder)
        if flags & os.O_CREAT:
            os.fsync(self._folder)
        return descriptor

    def close(self) -> None:
        """Let go of the files and of every lock on them."""
        os.close(self._file)
        os.close(self._folder)

    def claim_run(self) -> None:
        """Be the only run on this appliance until `close`.

        Raises:
            OnboxError: when another run is under way.
        """
        if not _locked(self._folder, _RUN_SECONDS):
            raise OnboxError("another-run", holder="")

    def records_from_end(self) -> Iterator[Record]:
        """Yield the records, the newest first; lines that are none are left to `verify`."""
        for line in lines_from_end(self._file):
            with suppress(ValueError, RecursionError):
                record = json.loads(line)
                if isinstance(record, dict):
                    yield record

    @contextmanager
    def chain(self) -> Iterator[Tip]:
        """Hold the chain for one record: give its tip, which the record must name as the one before it.

        Raises:
            OnboxError: when another process holds it too long, or the end of the journal is damaged.
        """
        with self._held():
            if ends_torn(self._file):
                raise self._damaged("its last line was never finished")
            yield self._tip(next(lines_from_end(self._file), None))

    @contextmanager
    def _held(self) -> Iterator[None]:
        if not _locked(self._file, _CHAIN_SECONDS):
            raise OnboxError("journal-write", path=self.path, detail="another process holds its lock")
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _tip(self, line: bytes | None) -> Tip:
        """Give the tip of the chain that ends with LINE, if that is the end that `tip.json` knows."""
        self._require_in_place()
        try:
            found = Tip() if line is None else Tip.of(read(line))
        except ValueError as error:
            raise self._damaged(f"its last whole line is no record ({error})") from None
        noted = self._noted()
        if noted.seq > found.seq:
            raise self._damaged(f"it ends with record {found.seq}, but {tips.FILE} knows of record {noted.seq}")
        if noted.seq == found.seq and noted.hash != found.hash:
            raise self._damaged(f"record {found.seq} is not the one that {tips.FILE} knows")
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

    def _noted(self) -> Tip:
        path = self._place / tips.FILE
        try:
            descriptor = open_own(tips.FILE, os.O_RDONLY, self._uid, folder=self._folder)
            try:
                return tips.read(descriptor)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            return Tip()
        except OSError as error:
            raise OnboxError("journal-file", path=path, detail=error.strerror) from None
        except ValueError as error:
            raise OnboxError("journal-damaged", path=path, detail=error) from None

    def append(self, line: str, tip: Tip) -> str:
        """Put one canonical record, the new TIP of the chain, on disk for good; to be called inside `chain`.

        Gives the LINE back.

        Raises:
            OnboxError: when it could not be written whole; the file is then as it was before.
        """
        before = os.fstat(self._file).st_size
        try:
            write_all(self._file, line.encode("ascii") + b"\n")
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, before)
                os.fsync(self._file)
            raise OnboxError("journal-write", path=self.path, detail=error.strerror) from None
        # The record is safe without it: a tip that is behind is a smaller safeguard, not a lost record.
        with suppress(OSError):
            replace(tips.FILE, tip.text(), self._folder)
        return line

    def reserve(self) -> None:
        """Keep room on the disk for the result of this run.

        Raises:
            OnboxError: when the disk has no room for it.
        """
        try:
            with suppress(FileNotFoundError):
                if os.stat(BALLAST, dir_fd=self._folder, follow_symlinks=False).st_size >= BALLAST_BYTES:
                    return
            # Random bytes: a file system that compresses or leaves out zeros would keep no room for them.
            replace(BALLAST, os.urandom(BALLAST_BYTES), self._folder)
        except OSError as error:
            raise OnboxError("journal-write", path=self._place / BALLAST, detail=error.strerror) from None

    def release(self) -> None:
        """Give up the room that was kept, for a record that must be written now."""
        with suppress(OSError):
            os.unlink(BALLAST, dir_fd=self._folder)

    def set_torn_line_aside(self) -> str:
        """See that the journal is whole, and move the bytes of a line that was never finished into a file of their own.

        Gives that file's name, or "" when the last line is whole.

        Raises:
            OnboxError: when the end of the journal is damaged, or the bytes could not be kept;
                the journal is then as it was before.
        """
        with self._held():
            lines = lines_from_end(self._file)
            torn = next(lines) if ends_torn(self._file) else b""
            self._tip(next(lines, None))
            if not torn:
                return ""
            name = f"torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            try:
                replace(name, torn, self._folder)
                os.ftruncate(self._file, os.fstat(self._file).st_size - len(torn))
                os.fsync(self._file)
            except OSError as error:
                raise OnboxError("journal-write", path=self._place, detail=error.strerror) from None
            return name


def _locked(descriptor: int, seconds: float) -> bool:
    """Lock the open file DESCRIPTOR, and tell whether that worked within SECONDS."""
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
