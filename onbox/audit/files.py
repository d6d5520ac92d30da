"""The files of the audit journal: opened if only the caller can write them, replaced whole, read from their end."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BLOCK = 1024 * 1024


def open_own(name: str, flags: int, uid: int, *, folder: int | None = None) -> int:
    """Open the file NAME in the open FOLDER if only the account UID can have prepared it; with O_DIRECTORY a folder.

    A new file has mode 0600 under every umask.
    Links are not followed, and a pipe without a writer is not waited for.

    Raises:
        OSError: if it can't be opened, is something else, belongs to another account, or others may write to it.
    """
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(name, flags & ~os.O_CREAT, dir_fd=folder)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
        os.fchmod(descriptor, 0o600)
    status = os.fstat(descriptor)
    if not flags & os.O_DIRECTORY and not stat.S_ISREG(status.st_mode):
        objection = "it is not a regular file"
    elif status.st_uid != uid:
        objection = f"it belongs to user id {status.st_uid}, not to you ({uid})"
    elif status.st_mode & 0o022:
        objection = f"others may write it (mode {stat.S_IMODE(status.st_mode):04o})"
    else:
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, objection)


def make_folder(path: Path) -> None:
    """Make the folder PATH with mode 0700, and fsync it; an existing one stays as it is.

    Raises:
        OSError: if it can't be made.
    """
    with suppress(FileExistsError):
        path.mkdir(0o700)
        path.chmod(0o700)  # also under a umask that takes rights from the owner
        parent = os.open(path.parent, os.O_RDONLY)
        os.fsync(parent)
        os.close(parent)


def replace(name: str, content: bytes, folder: int) -> None:
    """Put CONTENT into the file NAME of the open FOLDER: a power loss leaves the old content or the new.

    Raises:
        OSError: if it can't be written; the old content is still there.
    """
    new = name + ".new"
    with suppress(FileNotFoundError):
        os.unlink(new, dir_fd=folder)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        os.fchmod(descriptor, 0o600)
        write_all(descriptor, content)
        os.fsync(descriptor)
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(new, dir_fd=folder)
        raise
    finally:
        os.close(descriptor)
    os.fsync(folder)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of CONTENT, however little one call takes.

    Raises:
        OSError: if the disk takes no more; a part may be written then.
    """
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]


def lines_from_end(descriptor: int) -> Iterator[bytes]:
    """Yield what newlines separate in an open file, the last first: an incomplete line or b"", then the lines."""
    end, rest = os.fstat(descriptor).st_size, b""
    while end:
        start = max(0, end - _BLOCK)
        first, *lines = (os.pread(descriptor, end - start, start) + rest).split(b"\n")
        yield from reversed(lines)
        rest, end = first, start
    yield rest
