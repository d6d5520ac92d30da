"""Faults of the audit folder, and of the disk it is on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count, takewhile
from typing import TYPE_CHECKING

from rehearsal import CHECKOUT, without_rights

from faults.scene import UNCOVERED, UNNAMED
from faults.table import NO_JOURNAL, SUCCESS, End, Fault, Rows
from onbox.audit.record import GENESIS, canonical, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faults.scene import Scene

FOLDER = ("(journal-folder)", "Nothing was changed.")
FILE = ("(journal-file)", "Nothing was changed.")
UNWRITTEN = ("(journal-write)", "Nothing was changed.")
DAMAGED = ("(journal-damaged)", "onbox audit verify", "Nothing was changed.")
UNRECORDED = ("(result-unrecorded)", "Keep the record shown here", '"event":"resync.result"', '"seq":null')
CONFIRMED = ("(update-confirmed)",)
BEHIND = ("tip.json is behind the audit journal", *CONFIRMED)
CUT = End(5, "verified", "verify verify")
GONE = End(5, "", "verify verify")
NOT_ATTEMPTED = End(5, "verified", "verify")
LOST_RESULT = End(6, "verified attempt", "verify update", changed=None)
UNRESERVED = End(5, "refused")
AFTER_DRY_RUN = End(0, f"verified {SUCCESS.records}", f"verify {SUCCESS.called}", changed=True)
TWICE = End(0, " ".join([SUCCESS.records] * 2), " ".join([SUCCESS.called] * 2), changed=True)
PAGE = 4096


def own(scene: Scene, path: Path) -> None:
    """Give *path* to the owner of the appliance."""
    os.chown(path, *scene.owner, follow_symlinks=False)


def without_folder(scene: Scene) -> None:
    """Run without the journal's folder."""
    scene.machine.audit.rmdir()

    scene.run()

    assert 0o700 == scene.machine.audit.stat().st_mode & 0o7777
    assert 0o600 == (scene.machine.audit / "audit.jsonl").stat().st_mode & 0o7777


def folder_elsewhere(parent_mode: int | None, scene: Scene) -> None:
    """Name a folder that is missing and can't be made."""
    parent = scene.machine.folder / "elsewhere"
    if parent_mode is not None:
        parent.mkdir(parent_mode)
        own(scene, parent)
    scene.settings(audit=parent / "audit")


def folder_as(make: Callable[[Path], object], scene: Scene) -> None:
    """Put something else where the journal's folder should be."""
    scene.machine.audit.rmdir()
    make(scene.machine.audit)
    own(scene, scene.machine.audit)


def other_folder(path: Path) -> None:
    """Make *path* a link to a sound folder."""
    other = path.with_name("other")
    other.mkdir(0o700)
    shutil.copystat(path.parent, other)
    path.symlink_to(other)


def journal_as(make: Callable[[Path], object], scene: Scene) -> None:
    """Put something else where the journal should be."""
    path = scene.machine.audit / "audit.jsonl"
    make(path)
    own(scene, path)


def owned_by_root(name: str, scene: Scene) -> None:
    """Give something in the journal's folder, or the folder itself, to root."""
    path = scene.machine.audit / name
    path.touch(0o600)
    path.chmod(0o755 if path.is_dir() else 0o644)
    os.chown(path, 0, 0)


def made_folder(path: Path) -> Path:
    """Make a folder."""
    path.mkdir(0o700)
    return path


def shared_file(path: Path) -> None:
    """Make a file that everybody may write."""
    path.touch()
    path.chmod(0o666)


def spoil_after_run(spoil: Callable[[Path], object], scene: Scene) -> None:
    """Spoil the journal that two runs have left, and run onbox again."""
    for _ in range(2):
        scene.run("resync", "--dry-run")
    spoil(scene.machine.audit / "audit.jsonl")
    scene.run()


def cut_last_record(path: Path) -> None:
    """Take the last record away."""
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


@contextmanager
def attribute(path: Path, name: str) -> Iterator[None]:
    """Give *path* an attribute of chattr for a while."""
    subprocess.run(["chattr", f"+{name}", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", f"-{name}", str(path)], check=True)


def journal_with(name: str, scene: Scene) -> None:
    """Run onbox with a journal that has an attribute of chattr."""
    journal_as(lambda path: path.touch(0o600), scene)
    with attribute(scene.machine.audit / "audit.jsonl", name):
        scene.run()


def append_only_and_incomplete(scene: Scene) -> None:
    """Run onbox after a power loss, with a journal from which nothing can be taken away."""
    scene.run("resync", "--dry-run")
    path = scene.machine.audit / "audit.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"actor":')
    with attribute(path, "a"):
        scene.run()

    assert whole + b'{"actor":' == path.read_bytes()
    assert not list(path.parent.glob("torn-*"))
    path.write_bytes(whole)


def head_file_immutable(scene: Scene) -> None:
    """Run onbox with a head file that can't be replaced; that is also on record."""
    scene.run("resync", "--dry-run")
    with attribute(scene.machine.audit / "tip.json", "i"):
        scene.run()

    assert "tip.json is behind" in scene.journal()[-1]["warnings"][0]


def second_name(scene: Scene) -> None:
    """Run onbox with a journal that has a second name; that is also on record."""
    journal_as(lambda path: path.touch(0o600), scene)
    (scene.machine.folder / "other name").hardlink_to(scene.machine.audit / "audit.jsonl")
    scene.run()

    assert "hard links" in scene.journal()[-1]["warnings"][0]


def under_umask(mask: str, scene: Scene) -> None:
    """Run onbox twice under an umask that takes rights from the owner of a new file."""
    for _ in range(2):
        scene.run(before=("sh", "-c", f'umask {mask}; exec "$@"', "sh"), environment=UNCOVERED)
        # rsautil gets the umask too, and the double of it keeps its state in files.
        subprocess.run(["chmod", "-R", "u+rwX", str(scene.machine.folder / "state")], check=True)


def without_children(scene: Scene) -> None:
    """Run onbox behind a parent that has SIGCHLD ignored."""
    scene.run(before=("bash", "-c", 'trap "" CHLD; exec "$@"', "bash"))


def with_syslog(line: str, scene: Scene) -> None:
    """Name a syslog socket that is not there."""
    text = scene.machine.config.read_text().replace(str(scene.syslog.path), "/nowhere/log")
    scene.machine.config.write_text(text.replace("[timeouts]", f"{line}\n[timeouts]"))


# Locks what it can open of its arguments, says which, and stands still.
LOCK = """
import fcntl, os, sys
for name in sys.argv[1:]:
    try:
        fcntl.flock(os.open(name, os.O_RDONLY), fcntl.LOCK_SH)
    except PermissionError:
        continue
    print(name)
print(flush=True)
input()
"""


@contextmanager
def locked(paths: list[Path], rights: list[str]) -> Iterator[list[str]]:
    """Have a process behind *rights* lock each of *paths* that it can open, and give the names of those."""
    command = [*rights, sys.executable, "-c", LOCK, *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield list(map(str.strip, takewhile(str.strip, process.stdout)))
        process.kill()


def locked_by_stranger(scene: Scene) -> None:
    """Run onbox while another account holds every lock that it can get on the folder and what is in it."""
    scene.run("resync", "--dry-run")
    folder = scene.machine.audit
    folder.chmod(0o755)
    (folder / "audit.jsonl").chmod(0o644)
    CHECKOUT.parent.chmod(0o711)
    with locked([folder, *folder.iterdir()], ["setpriv", f"--reuid={UNNAMED}", "--clear-groups"]) as names:
        scene.run()

    assert {str(folder), str(folder / "audit.jsonl")} == set(names)


def locked_at_result(scene: Scene) -> None:
    """Have a process of the account stand still with the lock of the journal, from the update on."""

    def hold() -> None:
        lock = scene.machine.audit / "journal.lock"
        held = locked([lock], without_rights())
        assert [str(lock)] == held.__enter__()
        scene.at_end(partial(held.__exit__, None, None, None))

    scene.stop_at(RESULT, hold)


def limit_at(place: str, room: int, scene: Scene) -> None:
    """Let the journal grow by only *room* bytes from a place of the run on."""

    def limit() -> None:
        size = (scene.machine.audit / "audit.jsonl").stat().st_size
        _, most = resource.prlimit(scene.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (size + room, most))

    scene.stop_at(place, limit)


class Disk:
    """A small file system of its own for the journal."""

    def __init__(self, scene: Scene, *more: str) -> None:
        """Mount one, until the end of the scene."""
        self.folder, self._scene = scene.machine.audit, scene
        options = ",".join(("size=1m", "mode=0700", f"uid={scene.owner[0]}", f"gid={scene.owner[1]}", *more))
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], check=True)
        scene.at_end(partial(subprocess.run, ["umount", "--lazy", str(self.folder)], check=True))

    def preload(self, size: int) -> None:
        """Begin the journal with one record of *size* bytes, so that the end of what follows it meets a page's end."""
        record = {"event": "resync.refused", "outcome": "refused", "seq": 1, "prev": GENESIS, "note": ""}
        record["note"] = "." * (size - len(canonical({**record, "hash": GENESIS})) - 1)
        path = self.folder / "audit.jsonl"
        path.write_text(canonical({**record, "hash": digest(record)}) + "\n")
        path.chmod(0o600)
        own(self._scene, path)

    def fill(self) -> None:
        """Leave no page free."""
        with (self.folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(b"." * PAGE)

    def fill_inodes(self) -> None:
        """Leave no inode free."""
        with suppress(OSError):
            for number in count():
                (self.folder / f"filler{number}").touch()

    def fill_with_ballast(self) -> None:
        """Leave no page free, not even the room that was kept."""
        (self.folder / "ballast").unlink()
        self.fill()


def full_from_start(scene: Scene) -> None:
    """Run onbox on a full disk."""
    Disk(scene).fill()
    scene.run()


def read_only(scene: Scene) -> None:
    """Run onbox on a disk that was mounted read-only."""
    Disk(scene)
    subprocess.run(["mount", "-o", "remount,ro", str(scene.machine.audit)], check=True)
    scene.run()


def few_inodes(scene: Scene) -> None:
    """Run onbox on a disk with an inode for the folder, the journal and its locks, and none for the ballast."""
    Disk(scene, "nr_inodes=4")
    scene.run()


def no_inode_for_head_file(scene: Scene) -> None:
    """Take all inodes during the update."""
    disk = Disk(scene, "nr_inodes=20")
    scene.stop_at(RESULT, disk.fill_inodes)


def disaster_on_disk(place: str, disaster: Callable[[Disk], None], before: int, scene: Scene) -> None:
    """Let a disaster come over the disk of the journal, at a place that *before* records precede in this run.

    A dry run first shows how long a record is, so that the next one has no room in the page of the last one.
    """
    scene.run("resync", "--dry-run")
    length = len(canonical(scene.journal()[0])) + 1
    disk = Disk(scene)
    # An attempt is about 300 bytes longer than what precedes it; every record is longer than the 500 that are left.
    disk.preload(2 * PAGE - before * length - 300 * (before - 1) - 500)
    scene.stop_at(place, partial(disaster, disk))


ATTEMPT, RESULT = "onbox.resync.interrupts:Interrupts.hold 1 after", "onbox.rsautil.verdict:judge 2 before"


def full(end: End, told: tuple[str, ...], place: str, disaster: Callable[[Disk], None]) -> Fault:
    """Return a row for a disaster on a small disk."""
    before = 1 if place == ATTEMPT else 2
    end = End(end.code, f"refused {end.records}", f"verify {end.called}", end.changed)
    return Fault(end, told, play=partial(disaster_on_disk, place, disaster, before), root=True)


DISK: Rows = {
    "folder missing": Fault(SUCCESS, CONFIRMED, play=without_folder),
    "folder missing, and the one above it": Fault(NO_JOURNAL, FOLDER, prepare=partial(folder_elsewhere, None)),
    "folder missing, and the one above it unwritable": Fault(
        NO_JOURNAL, FOLDER, prepare=partial(folder_elsewhere, 0o500)
    ),
    "folder unwritable": Fault(NO_JOURNAL, FILE, prepare=lambda scene: scene.machine.audit.chmod(0o500)),
    "folder writable by others": Fault(
        NO_JOURNAL, ("others may write it", *FOLDER), prepare=lambda scene: scene.machine.audit.chmod(0o777)
    ),
    "folder owned by somebody else": Fault(
        NO_JOURNAL,
        ("it belongs to user id 0", *FOLDER),
        prepare=partial(owned_by_root, "."),
        root=True,
    ),
    "folder a symbolic link": Fault(NO_JOURNAL, FOLDER, prepare=partial(folder_as, other_folder)),
    "folder a file": Fault(NO_JOURNAL, FOLDER, prepare=partial(folder_as, lambda path: path.touch(0o600))),
    "journal a symbolic link": Fault(
        NO_JOURNAL, FILE, prepare=partial(journal_as, lambda path: path.symlink_to(path.parent / "other"))
    ),
    "journal a FIFO": Fault(
        NO_JOURNAL,
        ("not a regular file", *FILE),
        prepare=partial(journal_as, lambda path: os.mkfifo(path, 0o600)),
    ),
    "journal a directory": Fault(NO_JOURNAL, FILE, prepare=partial(journal_as, lambda path: path.mkdir(0o700))),
    "journal writable by others": Fault(
        NO_JOURNAL,
        ("others may write it", *FILE),
        prepare=partial(journal_as, shared_file),
    ),
    "journal owned by somebody else": Fault(
        NO_JOURNAL,
        FILE,
        prepare=partial(owned_by_root, "audit.jsonl"),
        root=True,
    ),
    "journal immutable": Fault(NO_JOURNAL, FILE, play=partial(journal_with, "i"), root=True),
    "journal append-only": Fault(SUCCESS, CONFIRMED, play=partial(journal_with, "a"), root=True),
    "journal append-only, its last record incomplete": Fault(
        NOT_ATTEMPTED, ("(journal-append-only)", "As root: chattr -a"), play=append_only_and_incomplete, root=True
    ),
    "journal with a second name (hard link)": Fault(SUCCESS, ("hard links", *CONFIRMED), play=second_name),
    "head file immutable": Fault(AFTER_DRY_RUN, BEHIND, play=head_file_immutable, root=True),
    "ballast a folder": Fault(
        UNRESERVED, UNWRITTEN, prepare=lambda scene: own(scene, made_folder(scene.machine.audit / "ballast"))
    ),
    "another account holds each lock that it can get": Fault(
        AFTER_DRY_RUN, CONFIRMED, play=locked_by_stranger, root=True
    ),
    "a process of the account stands still with the lock of the journal": Fault(
        SUCCESS, CONFIRMED, play=locked_at_result
    ),
    **{f"umask {mask}": Fault(TWICE, CONFIRMED, play=partial(under_umask, mask)) for mask in ("777", "277")},
    "SIGCHLD ignored": Fault(SUCCESS, CONFIRMED, play=without_children),
    "syslog gone": Fault(SUCCESS, ("The syslog copy was not sent", *CONFIRMED), prepare=partial(with_syslog, "")),
    "syslog gone, and required": Fault(
        UNRESERVED,
        ("(syslog-required)", "Nothing was changed."),
        prepare=partial(with_syslog, "syslog_required = true"),
    ),
    "journal truncated": Fault(CUT, DAMAGED, play=partial(spoil_after_run, cut_last_record)),
    "journal emptied": Fault(GONE, DAMAGED, play=partial(spoil_after_run, lambda path: os.truncate(path, 0))),
    "journal removed": Fault(GONE, DAMAGED, play=partial(spoil_after_run, lambda path: path.unlink())),
    **{
        f"disk full after {room} bytes of the attempt": Fault(
            NOT_ATTEMPTED, UNWRITTEN, play=partial(limit_at, "onbox.audit.journal:Journal.append 2 before", room)
        )
        for room in (0, 1, 700)
    },
    **{
        f"disk full after {room} bytes of the result": Fault(
            LOST_RESULT, UNRECORDED, play=partial(limit_at, "onbox.audit.journal:Journal.append 3 before", room)
        )
        for room in (0, 1, 700)
    },
    "disk read-only": Fault(NO_JOURNAL, ("Read-only file system", *FILE), play=read_only, root=True),
    "no inode left": Fault(UNRESERVED, UNWRITTEN, play=few_inodes, root=True),
    "no inode left between attempt and result": Fault(SUCCESS, BEHIND, play=no_inode_for_head_file, root=True),
    "disk full": Fault(NO_JOURNAL, UNWRITTEN, play=full_from_start, root=True),
    "disk full before the attempt": full(NOT_ATTEMPTED, UNWRITTEN, ATTEMPT, Disk.fill),
    "disk full between attempt and result: there is room kept": full(SUCCESS, CONFIRMED, RESULT, Disk.fill),
    "disk full between attempt and result, the room that was kept too": full(
        LOST_RESULT, UNRECORDED, RESULT, Disk.fill_with_ballast
    ),
}
