"""The locks of the journal: one run at a time, one writer at a time, and nobody who can keep a result off record."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import journals
import pytest
from journals import content, opened

from onbox.audit import journal as module
from onbox.audit.journal import Journal, holder
from onbox.audit.record import sealed
from onbox.audit.verify import verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"


@contextmanager
def held(path: Path, stdin: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """Have a process hold the lock on *path*."""
    path.touch()
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def write(journal: Journal) -> None:
    """Write a record."""
    journals.log(journal).info("resync.refused", outcome="refused", code="c")


def test_look_at_a_run_does_not_stop_it(folder: Path) -> None:
    """A claim that lasts a moment, as `onbox check` makes it, does not refuse a run; a longer one does."""
    with opened(folder) as run:
        looking = Journal(folder, os.getuid())
        looking.claim_run()
        with pytest.raises(OnboxError, match=f"another-run.*: process {os.getpid()} "):
            run.claim_run()
        threading.Timer(0.1, looking.close).start()
        run.claim_run()


def test_lock_files_are_for_their_owner_alone(folder: Path) -> None:
    """An account that can open a file can lock it, so a lock file that others may read is closed to them again."""
    journals.one_run(folder)
    (folder / "run.lock").chmod(0o644)
    journals.one_run(folder)

    assert 0o600 == (folder / "run.lock").stat().st_mode & 0o777


def test_file_system_that_cannot_lock_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks stops a run with the system's reason."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with opened(folder) as journal:
        monkeypatch.setattr(fcntl, "flock", refuse)
        with pytest.raises(OnboxError, match=r"journal-file.*run\.lock.*No locks available"):
            journal.claim_run()


def test_record_waits_for_a_writer_that_stands_still(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that must be written now does not."""
    monkeypatch.setattr(module, "_CHAIN_SECONDS", 0.1)
    with held(folder / "journal.lock"), opened(folder) as journal:
        with pytest.raises(OnboxError, match=r"journal-write.*another process holds its lock"):
            write(journal)
        journal.release()
        write(journal)

    assert verify(folder / "audit.jsonl").problem is None


def test_writer_that_stood_still_breaks_no_chain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that was paused with the lock, while a result was written, adds nothing when it goes on."""
    with opened(folder) as paused, opened(folder) as urgent:
        urgent.release()

        def pause(*arguments: Any, **place: Any) -> Any:
            monkeypatch.undo()
            write(urgent)
            return sealed(*arguments, **place)

        monkeypatch.setattr(module, "sealed", pause)
        with pytest.raises(OnboxError, match=r"journal-write.*another process wrote to it"):
            write(paused)

    assert 1 == len(content(folder).splitlines())


def test_holder_is_named_with_terminal_and_start(tmp_path: Path) -> None:
    """Who holds a lock is known without taking it: process, terminal, and since when."""
    master, slave = pty.openpty()
    with held(tmp_path / "lock", stdin=slave) as process:
        found = holder(tmp_path / "lock")
        assert found
        assert (process.pid, os.ttyname(slave)) == (found.pid, found.tty)
        assert timedelta(seconds=10) > abs(datetime.now(UTC) - found.since)
        assert f"process {process.pid} on {found.tty} since 20" in str(found)
    os.close(master)
    os.close(slave)

    assert holder(tmp_path / "lock") is None
    assert holder(tmp_path / "missing") is None


def test_other_file_with_the_same_number_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inode number exists on every file system: a process is named only if it has this very file open."""
    with held(tmp_path / "lock") as process:
        assert f"process {process.pid} since 20" in str(holder(tmp_path / "lock"))
        monkeypatch.setattr(os.path, "samestat", lambda *_: False)

        assert holder(tmp_path / "lock") is None
