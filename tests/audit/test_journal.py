"""The journal: who may have prepared it, and how records are chained by one run at a time."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import journals
import pytest
from journals import content, opened

from onbox.audit.journal import Journal
from onbox.audit.verify import verify
from onbox.errors import OnboxError


def test_records_are_read_from_the_end(folder: Path) -> None:
    """The newest record comes first, and lines that are none are passed over."""
    lines = journals.one_run(folder)
    (folder / "audit.jsonl").write_text(f"rubbish\n{lines[0]}\n[]\n{'[' * 100_000}\n{lines[1]}\n{lines[2][:50]}")

    with opened(folder) as journal:
        assert [json.loads(lines[1]), json.loads(lines[0])] == list(journal.records_from_end())


def open_below(folder: Path) -> list[int]:
    """Return the descriptors of this process that are *folder* or in it."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - iterating a Path opens one more
        link = Path("/proc/self/fd", name)
        if link.is_symlink() and str(link.readlink()).startswith(str(folder)):
            found.append(int(name))
    return found


def test_files_are_neither_inherited_nor_left_open(folder: Path) -> None:
    """A child gets neither the journal nor its locks; a closed journal, or one that was refused, leaves none open."""
    with opened(folder):
        assert [fcntl.FD_CLOEXEC] * 4 == [fcntl.fcntl(each, fcntl.F_GETFD) for each in open_below(folder)]
    (folder / "run.lock").chmod(0o620)

    with pytest.raises(OnboxError, match=r"journal-file.*run\.lock"):
        Journal(folder, os.getuid())

    assert [] == open_below(folder)


def test_close_fails(folder: Path) -> None:
    """A file system that complains when a file is closed ends no run: the records are on the disk already."""
    journal = Journal(folder, os.getuid())
    os.close(open_below(folder)[-1])

    journal.close()

    assert [] == open_below(folder)


WRITER = """
import sys, pathlib, journals
for number in range(20):
    journals.write(pathlib.Path(sys.argv[1]), ("resync.refused", "refused"), run=f"{sys.argv[2]}-{number}")
"""


def test_ten_processes_write_one_chain(folder: Path) -> None:
    """Processes that write at once lose, repeat and tear nothing."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [subprocess.Popen([*command, str(number)], env=environment) for number in range(10)]

    assert [0] * 10 == [writer.wait(60) for writer in writers]
    assert verify(folder / "audit.jsonl").problem is None
    runs = [json.loads(line)["run"] for line in content(folder).splitlines()]
    assert sorted(f"{number}-{turn}" for number in range(10) for turn in range(20)) == sorted(runs)


def test_record_costs_the_same_in_a_large_journal(folder: Path) -> None:
    """A record behind a million bytes, or a thousand times as many, reads no more than the end."""
    journals.one_run(folder)
    lines = content(folder)
    with (folder / "audit.jsonl").open("wb") as stream:
        stream.truncate(2**40)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n" + lines)

    assert 4 == json.loads(journals.write(folder, ("resync.refused", "refused"))[0])["seq"]
