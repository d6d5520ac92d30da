"""What can be wrong with the place of the journal, and with the disk it is on."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from functools import partial
from typing import TYPE_CHECKING

from faults.table import NO_JOURNAL, SUCCESS, End, Fault, Rows
from onbox.audit.record import GENESIS, canonical, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.scene import Scene

CANT_BE_USED = ("cannot be used", "Nothing was changed.")
CANT_BE_WRITTEN = ("cannot be written", "Nothing was changed.")
DAMAGED = ("is damaged", "onbox audit verify", "Nothing was changed.")
UNRECORDED = ("could not be recorded", "Keep the record shown here", '"event":"resync.result"', '"seq":null')
CONFIRMED = ("the marker time is now 0",)
CUT = End(5, "verified", "verify verify")
GONE = End(5, "", "verify verify")
NOT_ATTEMPTED = End(5, "verified", "verify")
LOST_RESULT = End(6, "verified attempt", "verify update", changed=None)
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


def immutable(scene: Scene) -> None:
    """Run onbox with a journal that may not be changed."""
    path = scene.machine.audit / "audit.jsonl"
    path.touch(0o600)
    own(scene, path)
    subprocess.run(["chattr", "+i", str(path)], check=True)
    try:
        scene.run()
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


def limit_at(place: str, room: int, scene: Scene) -> None:
    """Let the journal grow by only *room* bytes from a place of the run on."""

    def limit() -> None:
        size = (scene.machine.audit / "audit.jsonl").stat().st_size
        _, most = resource.prlimit(scene.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (size + room, most))

    scene.stop_at(place, limit)


class Disk:
    """A small file system of its own for the journal."""

    def __init__(self, scene: Scene) -> None:
        """Mount one, until the end of the scene."""
        self.folder, self._scene = scene.machine.audit, scene
        options = f"size=1m,mode=0700,uid={scene.owner[0]},gid={scene.owner[1]}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], check=True)
        scene.at_end(partial(subprocess.run, ["umount", str(self.folder)], check=True))

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
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"." * PAGE)
            except OSError:
                pass

    def fill_with_ballast(self) -> None:
        """Leave no page free, not even the room that was kept."""
        (self.folder / "ballast").unlink()
        self.fill()


def full_from_start(scene: Scene) -> None:
    """Run onbox on a full disk."""
    Disk(scene).fill()
    scene.run()


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


ATTEMPT, RESULT = "onbox.resync.interrupts:Interrupts.hold 1 after", "onbox.rsautil.commands:judge 1 before"


def full(end: End, told: tuple[str, ...], place: str, disaster: Callable[[Disk], None]) -> Fault:
    """Return a row for a disaster on a small disk."""
    before = 1 if place == ATTEMPT else 2
    end = End(end.code, f"refused {end.records}", f"verify {end.called}", end.changed)
    return Fault(end, told, play=partial(disaster_on_disk, place, disaster, before), root=True)


DISK: Rows = {
    "folder missing": Fault(SUCCESS, CONFIRMED, play=without_folder),
    "folder missing, and the one above it": Fault(NO_JOURNAL, CANT_BE_USED, prepare=partial(folder_elsewhere, None)),
    "folder missing, and the one above it unwritable": Fault(
        NO_JOURNAL, CANT_BE_USED, prepare=partial(folder_elsewhere, 0o500)
    ),
    "folder unwritable": Fault(NO_JOURNAL, CANT_BE_USED, prepare=lambda scene: scene.machine.audit.chmod(0o500)),
    "folder writable by others": Fault(
        NO_JOURNAL, ("others may write it", *CANT_BE_USED), prepare=lambda scene: scene.machine.audit.chmod(0o777)
    ),
    "folder owned by somebody else": Fault(
        NO_JOURNAL,
        ("it belongs to user id 0", *CANT_BE_USED),
        prepare=partial(owned_by_root, "."),
        root=True,
    ),
    "folder a symbolic link": Fault(NO_JOURNAL, CANT_BE_USED, prepare=partial(folder_as, other_folder)),
    "folder a file": Fault(NO_JOURNAL, CANT_BE_USED, prepare=partial(folder_as, lambda path: path.touch(0o600))),
    "journal a symbolic link": Fault(
        NO_JOURNAL, CANT_BE_USED, prepare=partial(journal_as, lambda path: path.symlink_to(path.parent / "other"))
    ),
    "journal a FIFO": Fault(
        NO_JOURNAL,
        ("not a regular file", *CANT_BE_USED),
        prepare=partial(journal_as, lambda path: os.mkfifo(path, 0o600)),
    ),
    "journal a directory": Fault(NO_JOURNAL, CANT_BE_USED, prepare=partial(journal_as, lambda path: path.mkdir(0o700))),
    "journal writable by others": Fault(
        NO_JOURNAL,
        ("others may write it", *CANT_BE_USED),
        prepare=partial(journal_as, shared_file),
    ),
    "journal owned by somebody else": Fault(
        NO_JOURNAL,
        ("cannot be used",),
        prepare=partial(owned_by_root, "audit.jsonl"),
        root=True,
    ),
    "journal immutable": Fault(NO_JOURNAL, CANT_BE_USED, play=immutable, root=True),
    "journal truncated": Fault(CUT, DAMAGED, play=partial(spoil_after_run, cut_last_record)),
    "journal emptied": Fault(GONE, DAMAGED, play=partial(spoil_after_run, lambda path: os.truncate(path, 0))),
    "journal removed": Fault(GONE, DAMAGED, play=partial(spoil_after_run, lambda path: path.unlink())),
    **{
        f"disk full after {room} bytes of the attempt": Fault(
            NOT_ATTEMPTED, CANT_BE_WRITTEN, play=partial(limit_at, "onbox.audit.journal:Journal.append 2 before", room)
        )
        for room in (0, 1, 700)
    },
    **{
        f"disk full after {room} bytes of the result": Fault(
            LOST_RESULT, UNRECORDED, play=partial(limit_at, "onbox.audit.journal:Journal.append 3 before", room)
        )
        for room in (0, 1, 700)
    },
    "disk full": Fault(NO_JOURNAL, CANT_BE_WRITTEN, play=full_from_start, root=True),
    "disk full before the attempt": full(NOT_ATTEMPTED, CANT_BE_WRITTEN, ATTEMPT, Disk.fill),
    "disk full between attempt and result: there is room kept": full(SUCCESS, CONFIRMED, RESULT, Disk.fill),
    "disk full between attempt and result, the room that was kept too": full(
        LOST_RESULT, UNRECORDED, RESULT, Disk.fill_with_ballast
    ),
}
