"""The files of the audit trail: opened so that nobody else's is used, replaced as a whole, read from their end."""

from __future__ import annotations

import os
import stat
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import limited

from onbox.audit import files
from onbox.audit.files import lines_from_end, make_folder, open_own, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    """Return the test's own folder, open."""
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def descriptors() -> int:
    """Return how many files this process holds open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - iterating a Path opens one more


@pytest.mark.parametrize("umask", [0o022, 0o277, 0o777])
def test_new_files_have_their_modes_whatever_the_umask_is(umask: int, tmp_path: Path, folder: int) -> None:
    """Files and folders are made for their owner alone, who can use them, and stay as they are afterwards."""
    before = os.umask(umask)
    try:
        for _ in range(2):
            os.close(open_own("file", os.O_RDWR | os.O_CREAT, os.getuid(), folder=folder))
            make_folder(tmp_path / "made")
        replace("other", b"content", folder)
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {"file": 0o600, "made": 0o700, "other": 0o600} == modes


@pytest.mark.parametrize(
    ("prepare", "detail"),
    [
        (lambda path: path.mkdir(), "it is not a regular file"),
        (os.mkfifo, "it is not a regular file"),
        (lambda path: path.symlink_to("/etc/passwd"), "Too many levels of symbolic links"),
        (lambda path: (path.touch(), path.chmod(0o620)), "others may write it (mode 0620)"),
        (lambda path: (path.touch(), path.chmod(0o602)), "others may write it (mode 0602)"),
        (lambda path: (path.touch(), path.chmod(0o000)), "Permission denied"),
    ],
)
def test_what_somebody_else_could_have_prepared_is_refused(
    prepare: object, detail: str, tmp_path: Path, folder: int
) -> None:
    """A folder, a pipe, a link, or a file that others may write is not used, and left closed."""
    prepare(tmp_path / "file")  # type: ignore[operator]
    before = descriptors()

    with pytest.raises(OSError, match="Errno") as caught:
        open_own("file", os.O_RDONLY, os.getuid(), folder=folder)

    assert detail == caught.value.strerror
    assert before == descriptors()


def test_file_of_another_account_is_refused() -> None:
    """A file that belongs to somebody else is refused, with both user ids."""
    with pytest.raises(OSError, match="Errno") as caught:
        open_own("/etc/passwd", os.O_RDONLY, 4711)

    assert "it belongs to user id 0, not to you (4711)" == caught.value.strerror


def test_only_one_folder_is_made(tmp_path: Path) -> None:
    """Folders above a missing one are not made: a mistyped setting must not leave a tree behind."""
    with pytest.raises(FileNotFoundError):
        make_folder(tmp_path / "a" / "b")


def test_content_is_replaced_as_a_whole(tmp_path: Path, folder: int) -> None:
    """The new content takes the place of the old, and what an interrupted try left behind is no obstacle."""
    (tmp_path / "file.new").symlink_to("/etc/passwd")

    replace("file", b"old", folder)
    replace("file", b"new", folder)

    assert {"file": b"new"} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("most", range(5))
def test_old_content_survives_a_full_disk(most: int, tmp_path: Path, folder: int) -> None:
    """A disk that is full at any byte leaves the old content and nothing else."""
    replace("file", b"old", folder)

    with pytest.raises(OSError, match="File too large"):
        limited(most, lambda: replace("file", b"12345", folder))

    assert {"file": b"old"} == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text("ab\n").map(str.encode), block=st.integers(1, 9))
def test_lines_from_the_end_are_the_lines(
    content: bytes, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines of any file, read in pieces of any size, come out with the last one first."""
    path = tmp_path / "file"
    path.write_bytes(content)
    monkeypatch.setattr(files, "_BLOCK", block)

    with path.open("rb") as stream:
        assert content.split(b"\n") == list(lines_from_end(stream.fileno()))[::-1]


def test_end_is_read_alone(tmp_path: Path) -> None:
    """The last lines of a large file cost one block, not the file."""
    path = tmp_path / "file"
    with path.open("wb") as stream:
        stream.truncate(2**40)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\nlast\n")

    with path.open("rb") as stream:
        assert [b"", b"last"] == list(islice(lines_from_end(stream.fileno()), 2))
