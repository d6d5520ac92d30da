"""The file that the audit records are appended to: lock, chain, fsync, and what an accident left behind.

Everything is opened relative to the folder, which is held open, so that nobody can swap it for another in between.
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.audit.record import GENESIS, digest
from onbox.errors import OnboxError

FILE, TIP, BALLAST = "audit.jsonl", "tip.json", "ballast"
BALLAST_BYTES = 256 * 1024
LOCK_SECONDS = 10
_BLOCK = 64 * 1024


@dataclass(frozen=True)
class Tip:
    """The last record of a chain: its number and its hash."""

    seq: int = 0
    hash: str = GENESIS


def lines_from_end(descriptor: int) -> Iterator[bytes]:
    """Yield the lines of an open file, the last one first, without their newline; a torn last line is yielded too."""
    end = os.fstat(descriptor).st_size
    if end and os.pread(descriptor, 1, end - 1) == b"\n":
        end -= 1
    rest = b""
    block = _BLOCK
    while end > 0:
        start = max(0, end - block)
        first, *lines = (os.pread(descriptor, end - start, start) + rest).split(b"\n")
        yield from reversed(lines)
        rest, end = first, start
        # A line longer than a block is read in ever larger ones, not copied again and again.
        block = _BLOCK if lines else 2 * block
    if os.fstat(descriptor).st_size:
        yield rest


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
        self._folder_path = folder
        self._uid = uid
        self._folder = self._open_folder(make=not reading)
        try:
            self._file = self._open_file(make=not reading)
        except BaseException:
            os.close(self._folder)
            raise

    def close(self) -> None:
        """Let go of the files and of every lock on them."""
        os.close(self._file)
        os.close(self._folder)

    def _open_folder(self, *, make: bool) -> int:
        path = self._folder_path
        try:
            if make:
                with suppress(FileExistsError):
                    path.mkdir(mode=0o700)
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise OnboxError("journal-folder", path=path, detail=error.strerror) from None
        problem = ownership_problem(os.fstat(descriptor), self._uid)
        if problem:
            os.close(descriptor)
            raise OnboxError("journal-folder", path=path, detail=problem)
        return descriptor

    def _open_file(self, *, make: bool) -> int:
        flags = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_RDWR | os.O_APPEND if make else os.O_RDONLY)
        try:
            try:
                descriptor = os.open(FILE, flags, dir_fd=self._folder)
            except FileNotFoundError:
                if not make:
                    raise
                descriptor = os.open(FILE, flags | os.O_CREAT, 0o600, dir_fd=self._folder)
                os.fsync(self._folder)
        except OSError as error:
            raise OnboxError("journal-file", path=self.path, detail=error.strerror) from None
        status = os.fstat(descriptor)
        problem = "it is not a regular file" if not stat.S_ISREG(status.st_mode) else ""
        problem = problem or ownership_problem(status, self._uid)
        if problem:
            os.close(descriptor)
            raise OnboxError("journal-file", path=self.path, detail=problem)
        return descriptor

    def claim_run(self) -> None:
        """Be the only run on this appliance until `close`.

        Raises:
            OnboxError: when another run is under way.
        """
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OnboxError("another-run") from None

    def records_from_end(self) -> Iterator[dict[str, Any]]:
        """Yield the records, the newest first; lines that are none are left to `verify`."""
        for line in lines_from_end(self._file):
            with suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    yield record

    @contextmanager
    def chain(self) -> Iterator[Tip]:
        """Hold the chain for one record: give its tip, which the record must name as the one before it.

        Raises:
            OnboxError: when the lock can't be had in LOCK_SECONDS, or the end of the journal is damaged.
        """
        self._lock()
        try:
            yield self._read_tip()
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _lock(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OnboxError("journal-write", path=self.path, detail="another process holds its lock") from None
                time.sleep(0.02)

    def _read_tip(self) -> Tip:
        status = os.fstat(self._file)
        if status.st_nlink == 0:
            raise OnboxError("journal-damaged", path=self.path, detail="the file was removed")
        noted = self._read_noted_tip()
        line = next(lines_from_end(self._file), None)
        tip = Tip() if line is None else self._tip_of(line)
        if noted.seq > tip.seq:
            detail = f"it ends with record {tip.seq}, but tip.json knows of record {noted.seq}"
            raise OnboxError("journal-damaged", path=self.path, detail=detail)
        if noted.seq == tip.seq and noted.hash != tip.hash:
            detail = f"record {tip.seq} is not the one that tip.json knows"
            raise OnboxError("journal-damaged", path=self.path, detail=detail)
        return tip

    def _tip_of(self, line: bytes) -> Tip:
        try:
            record = json.loads(line)
            if os.pread(self._file, 1, os.fstat(self._file).st_size - 1) == b"\n" and digest(record) == record["hash"]:
                return Tip(int(record["seq"]), str(record["hash"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        raise OnboxError("journal-damaged", path=self.path, detail="its last line is not a whole record")

    def _read_noted_tip(self) -> Tip:
        try:
            descriptor = os.open(TIP, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self._folder)
        except FileNotFoundError:
            return Tip()
        except OSError as error:
            raise OnboxError("journal-file", path=self._folder_path / TIP, detail=error.strerror) from None
        with os.fdopen(descriptor, "rb") as stream:
            try:
                noted = json.loads(stream.read(4096))
                return Tip(int(noted["seq"]), str(noted["hash"]))
            except (ValueError, TypeError, KeyError, RecursionError):
                raise OnboxError(
                    "journal-damaged", path=self._folder_path / TIP, detail="it is not what onbox writes"
                ) from None

    def append(self, line: str) -> str:
        """Put one canonical record on disk, for good, and give it back; to be called inside `chain`.

        Raises:
            OnboxError: when it could not be written whole; the file is then as it was before.
        """
        data = line.encode("ascii") + b"\n"
        before = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, before)
                os.fsync(self._file)
            raise OnboxError("journal-write", path=self.path, detail=error.strerror) from None
        record = json.loads(line)
        # The record is safe without it: a tip that is behind is a smaller safeguard, not a lost record.
        with suppress(OSError):
            self._write_file(TIP, json.dumps({"hash": record["hash"], "seq": record["seq"]}).encode())
        return line

    def _write_file(self, name: str, content: bytes) -> None:
        new = name + ".new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(new, flags, 0o600, dir_fd=self._folder)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                view = memoryview(content)
                while view:
                    view = view[stream.write(view) :]
                os.fsync(stream.fileno())
            os.replace(new, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            os.fsync(self._folder)
        except OSError:
            with suppress(OSError):
                os.unlink(new, dir_fd=self._folder)
            raise

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
            self._write_file(BALLAST, os.urandom(BALLAST_BYTES))
        except OSError as error:
            raise OnboxError("journal-write", path=self._folder_path / BALLAST, detail=error.strerror) from None

    def release(self) -> None:
        """Give up the room that was kept, for a record that must be written now."""
        with suppress(OSError):
            os.unlink(BALLAST, dir_fd=self._folder)

    def set_torn_line_aside(self) -> str:
        """Move the bytes of a line that was never finished (power loss) into a file of their own.

        Gives that file's name, or "" when the last line is whole.

        Raises:
            OnboxError: when the bytes could not be kept; the journal is then as it was before.
        """
        self._lock()
        try:
            size = os.fstat(self._file).st_size
            if size == 0 or os.pread(self._file, 1, size - 1) == b"\n":
                return ""
            torn = next(lines_from_end(self._file))
            name = f"torn-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}"
            self._write_file(name, torn)
            os.ftruncate(self._file, size - len(torn))
            os.fsync(self._file)
        except OSError as error:
            raise OnboxError("journal-write", path=self._folder_path, detail=error.strerror) from None
        else:
            return name
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def ownership_problem(status: os.stat_result, uid: int) -> str:
    """Say why a folder or file of the audit trail isn't UID's alone, or "" when it is."""
    if status.st_uid != uid:
        return f"it belongs to user id {status.st_uid}, not to you ({uid})"
    if status.st_mode & 0o022:
        return f"others may write it (mode {stat.S_IMODE(status.st_mode):04o})"
    return ""
