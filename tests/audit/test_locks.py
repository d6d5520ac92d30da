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
from faults.watch import wait_until
from journals import content, opened

from onbox.audit import journal as module
from onbox.audit import locks
from onbox.audit.journal import Journal
from onbox.audit.locks import Holder, holder
from onbox.audit.verify import verify
from onbox.errors import OnboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
# Its child inherits the lock, and it ends itself: the kernel goes on naming the one that is gone.
BEQUEATH = """
import fcntl, os, sys
lock = open(sys.argv[1])
fcntl.flock(lock, fcntl.LOCK_EX)
if os.fork():
    os._exit(0)
print(os.getpid(), flush=True)
input()
"""


@contextmanager
def held(path: Path, program: str = HOLD, stdin: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """Have a process hold the lock on *path*."""
    command = [sys.executable, "-c", program, str(path)]
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def write(journal: Journal) -> dict[str, Any]:
    """Write a record."""
    return journals.log(journal).info("resync.refused", outcome="refused", code="c")  # type: ignore[no-any-return]


def test_only_one_run_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run is refused and told who runs, as long as the first one is in progress."""
    monkeypatch.setattr(module, "_RUN_SECONDS", 0)
    with opened(folder) as first:
        first.claim_run()
        with opened(folder) as second, pytest.raises(OnboxError, match=f"another-run holder=: process {os.getpid()} "):
            second.claim_run()

    with opened(folder) as third:
        third.claim_run()


def test_look_at_a_run_does_not_stop_it(folder: Path) -> None:
    """A claim that lasts a moment, as `onbox check` makes it, does not refuse a run."""
    journals.one_run(folder)
    looking = Journal(folder, os.getuid())
    looking.claim_run()
    threading.Timer(0.1, looking.close).start()

    with opened(folder) as run:
        run.claim_run()


def test_lock_files_are_for_their_owner_alone(folder: Path) -> None:
    """An account that can open a file can lock it, so a lock file that others may read is closed to them again."""
    journals.one_run(folder)
    (folder / "run.lock").chmod(0o644)
    journals.one_run(folder)

    assert 0o600 == (folder / "run.lock").stat().st_mode & 0o777


@pytest.mark.parametrize("name", ["run.lock", "journal.lock"])
def test_lock_that_is_no_file_is_refused(name: str, folder: Path) -> None:
    """A pipe in the place of a lock file is neither waited for nor replaced."""
    os.mkfifo(folder / name)

    with pytest.raises(OnboxError, match=rf"journal-file .*{name} .*not a regular file"):
        Journal(folder, os.getuid())


def test_file_system_that_cannot_lock_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks stops a run with the system's reason."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with opened(folder) as journal:
        monkeypatch.setattr(fcntl, "flock", refuse)
        with pytest.raises(OnboxError, match=r"journal-file .*run\.lock .*No locks available"):
            journal.claim_run()
        monkeypatch.undo()


def test_held_journal_does_not_keep_a_result_off_record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record waits for a writer that stands still; one that must be written now does not wait for it."""
    monkeypatch.setattr(module, "_CHAIN_SECONDS", 0.1)
    journals.one_run(folder)
    with held(folder / "journal.lock"), opened(folder) as journal:
        with pytest.raises(OnboxError, match=r"journal-write .*another process holds its lock"):
            write(journal)
        with pytest.raises(OnboxError, match=r"journal-write .*another process holds its lock"):
            journal.move_incomplete_record()
        journal.release()
        write(journal)

    assert (4, None) == (verify(folder / "audit.jsonl").records, verify(folder / "audit.jsonl").problem)


def test_writer_that_stood_still_breaks_no_chain(folder: Path) -> None:
    """A writer that was paused with the lock, while a result was written, adds nothing when it goes on."""
    with opened(folder) as paused, opened(folder) as urgent:
        urgent.release()
        with paused.chain() as head:
            write(urgent)
            before = content(folder)
            with pytest.raises(OnboxError, match=r"journal-write .*another process wrote to it"):
                paused.append("{}", head)

    assert before == content(folder)


def test_holder_is_named_with_terminal_and_start(tmp_path: Path) -> None:
    """Who holds a lock is known without taking it: process, terminal, and since when."""
    (tmp_path / "lock").touch()
    master, slave = pty.openpty()
    with held(tmp_path / "lock", stdin=slave) as process:
        found = holder(tmp_path / "lock")
        assert found is not None
        assert (process.pid, os.ttyname(slave)) == (found.pid, found.tty)
        assert found.since is not None
        assert timedelta(seconds=10) > abs(datetime.now(UTC) - found.since)
        assert f"process {process.pid} on {found.tty} since 20" in str(found)
    os.close(master)
    os.close(slave)

    assert holder(tmp_path / "lock") is None
    assert holder(tmp_path / "missing") is None


def test_holder_without_a_terminal_has_none(tmp_path: Path) -> None:
    """A pipe is no terminal, and one that waits for the lock does not hold it."""
    (tmp_path / "lock").touch()
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with held(tmp_path / "lock") as process, subprocess.Popen(command, stdin=subprocess.DEVNULL) as waiting:
        wait_until(lambda: "->" in locks._LOCKS.read_text())
        found = holder(tmp_path / "lock")
        process.kill()
        waiting.wait(10)

    assert found is not None
    assert (process.pid, None) == (found.pid, found.tty)


def test_process_that_is_gone_is_not_named(tmp_path: Path) -> None:
    """A lock that a child inherited is held, but not by the process that the kernel names, nor by a later one."""
    (tmp_path / "lock").touch()
    with held(tmp_path / "lock", BEQUEATH) as process:
        process.wait(10)

        assert holder(tmp_path / "lock") is None

        if process.stdin:
            process.stdin.close()


@pytest.mark.parametrize(("device", "expected"), [("{}", Holder(1)), ("ff:ff", None)])
def test_process_of_another_account_is_named_if_it_is_the_same_file(
    device: str, expected: Holder | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a process whose files can't be read only the number is known, and only if inode and device agree."""
    status = tmp_path.stat()
    device = device.format(f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}")
    monkeypatch.setattr(locks, "_LOCKS", tmp_path / "locks")
    (tmp_path / "locks").write_text(f"1: FLOCK  ADVISORY  WRITE 1 {device}:{status.st_ino} 0 EOF\n")

    assert expected == holder(tmp_path)
    assert "process 1" == str(Holder(1))


def test_other_file_with_the_same_number_is_not_taken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inode number exists on every file system: a process is named only if it has this very file open."""
    monkeypatch.setattr(locks, "_LOCKS", tmp_path / "locks")
    (tmp_path / "locks").write_text(f"1: FLOCK  ADVISORY  WRITE {os.getpid()} ff:ff:{tmp_path.stat().st_ino} 0 EOF\n")

    assert holder(tmp_path) is None
