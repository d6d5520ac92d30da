"""Faults of the audit folder, and of the disk it is on."""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from rehearsal import CHECKOUT, without_rights

from faults.scene import UNCOVERED, UNNAMED
from faults.table import NO_JOURNAL, SUCCESS, End, Fault, Rows

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
CUT = End(5, "verified", "verify")
GONE = End(5, "", "verify")
NOT_ATTEMPTED = End(5, "verified", "verify")
LOST_RESULT = End(6, "verified attempt", "verify update", changed=None)
UNRESERVED = End(5, "refused")
AFTER_DRY_RUN = End(0, f"verified {SUCCESS.records}", f"verify {SUCCESS.called}", changed=True)
TWICE = End(0, " ".join([SUCCESS.records] * 2), " ".join([SUCCESS.called] * 2), changed=True)
ATTEMPT, RESULT = "onbox.resync.interrupts:Interrupts.hold 1 after", "onbox.rsautil.verdict:judge 2 before"
# In JSON it is longer than a page of the disk, so that a record with it has no room in a page that is half full.
LONG_NOTE = ("resync", "--note", "😀" * 400)


def shell(script: str, scene: Scene, rights: list[str] | None = None) -> None:
    """Run a script beside the folder `audit`, as the account of the appliance unless other *rights* are named."""
    command = [*(without_rights() if rights is None else rights), "sh", "-c", script]
    subprocess.run(command, cwd=scene.machine.folder, stderr=subprocess.DEVNULL, check=True)


def as_root(script: str, scene: Scene) -> None:
    """Run a script as root; what it did with chattr is undone at the end."""
    scene.at_end(partial(shell, "chattr -R -ia audit", scene, []))
    shell(script, scene, [])


def spoiled(end: End, told: tuple[str, ...], script: str, *, root: bool = False) -> Fault:
    """Return a row in which a script, if need be of *root*, spoils the empty folder."""
    return Fault(end, told, prepare=partial(as_root if root else shell, script), root=root)


def spoil_after_run(spoil: Callable[[Scene], None], scene: Scene) -> None:
    """Spoil the journal that a run has left, and run onbox again."""
    scene.run("resync", "--dry-run")
    spoil(scene)
    scene.run()


def warn(spoil: Callable[[Scene], None], warning: str, scene: Scene) -> None:
    """Spoil the journal that a run has left so that onbox warns; the warning is also on record."""
    spoil_after_run(spoil, scene)

    assert warning in scene.journal()[-1]["warnings"][0]


def append_only_and_incomplete(scene: Scene) -> None:
    """Run onbox after a power loss, with a journal from which nothing can be taken away."""
    path = scene.machine.audit / "audit.jsonl"
    spoil_after_run(partial(as_root, """printf '{"actor":' >> audit/audit.jsonl; chattr +a audit/audit.jsonl"""), scene)

    assert path.read_bytes().endswith(b'}\n{"actor":')
    assert not list(path.parent.glob("torn-*"))
    shell("chattr -a audit/audit.jsonl; truncate -s -9 audit/audit.jsonl", scene, [])


def under_umask(mask: str, scene: Scene) -> None:
    """Run onbox twice under an umask that takes rights from the owner of a new file."""
    for _ in range(2):
        scene.run(before=("sh", "-c", f'umask {mask}; exec "$@"', "sh"), environment=UNCOVERED)
        # rsautil gets the umask too, and the double of it keeps its state in files.
        shell("chmod -R u+rwX state", scene)

    paths = [scene.machine.audit, *scene.machine.audit.iterdir()]
    assert [0o700, 0o600, 0o600, 0o600, 0o600, 0o600] == [path.stat().st_mode & 0o777 for path in paths]


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


def limit_at(number: int, room: int, scene: Scene) -> None:
    """Let the journal grow by only *room* bytes from a record of the run on."""

    def limit() -> None:
        size = (scene.machine.audit / "audit.jsonl").stat().st_size
        _, most = resource.prlimit(scene.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (size + room, most))

    scene.stop_at(f"onbox.audit.journal:Journal.append {number} before", limit)


def on_disk(options: str, script: str, place: str, scene: Scene) -> None:
    """Run onbox with the journal on a disk of its own; a script spoils that before the run, or at a *place* of it."""
    owner = f"uid={scene.owner[0]},gid={scene.owner[1]}"
    shell(f"mount -t tmpfs -o size=1m,mode=0700,{owner}{options} tmpfs audit", scene, [])
    scene.at_end(partial(shell, "umount --lazy audit", scene, []))
    if place:
        scene.stop_at(place, partial(shell, script, scene), *LONG_NOTE)
    else:
        shell(script, scene)
        scene.run()


def disk(end: End, told: tuple[str, ...], script: str, *, place: str = "", options: str = "") -> Fault:
    """Return a row for a small disk."""
    return Fault(end, told, play=partial(on_disk, options, script, place), root=True)


FILL = "cat /dev/zero > audit/filler || true"
DISK: Rows = {
    "folder missing": spoiled(SUCCESS, CONFIRMED, "rmdir audit"),
    "folder missing, and the one above it unwritable": spoiled(NO_JOURNAL, FOLDER, "rmdir audit; chmod 0500 ."),
    "folder unwritable": spoiled(NO_JOURNAL, FILE, "chmod 0500 audit"),
    "folder writable by others": spoiled(NO_JOURNAL, ("others may write it", *FOLDER), "chmod 0777 audit"),
    "folder owned by somebody else": spoiled(
        NO_JOURNAL, ("it belongs to user id 0", *FOLDER), "chown 0:0 audit; chmod 0755 audit", root=True
    ),
    "folder a symbolic link": spoiled(NO_JOURNAL, FOLDER, "mv audit other; ln -s other audit"),
    "folder a file": spoiled(NO_JOURNAL, FOLDER, "rmdir audit; touch audit"),
    "journal a symbolic link": spoiled(NO_JOURNAL, FILE, "ln -s other audit/audit.jsonl"),
    "journal a FIFO": spoiled(NO_JOURNAL, ("not a regular file", *FILE), "mkfifo -m 0600 audit/audit.jsonl"),
    "journal a directory": spoiled(NO_JOURNAL, FILE, "mkdir audit/audit.jsonl"),
    "journal writable by others": spoiled(
        NO_JOURNAL, ("others may write it", *FILE), "touch audit/audit.jsonl; chmod 0666 audit/audit.jsonl"
    ),
    "journal owned by somebody else": spoiled(NO_JOURNAL, FILE, "touch audit/audit.jsonl", root=True),
    "journal immutable": Fault(
        End(5, "verified", "verify"),
        FILE,
        play=partial(spoil_after_run, partial(as_root, "chattr +i audit/audit.jsonl")),
        root=True,
    ),
    "journal append-only": Fault(
        AFTER_DRY_RUN, CONFIRMED, play=partial(spoil_after_run, partial(as_root, "chattr +a audit/*")), root=True
    ),
    "journal append-only, its last record incomplete": Fault(
        NOT_ATTEMPTED, ("(journal-append-only)", "As root: chattr -a"), play=append_only_and_incomplete, root=True
    ),
    "journal with a second name (hard link)": Fault(
        AFTER_DRY_RUN,
        ("hard links", *CONFIRMED),
        play=partial(warn, partial(shell, "ln audit/audit.jsonl other"), "hard links"),
    ),
    "head file immutable": Fault(
        AFTER_DRY_RUN,
        BEHIND,
        play=partial(warn, partial(as_root, "chattr +i audit/tip.json"), "tip.json is behind"),
        root=True,
    ),
    "ballast a folder": spoiled(UNRESERVED, UNWRITTEN, "mkdir audit/ballast"),
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
    **{
        f"journal {fault}": Fault(GONE, DAMAGED, play=partial(spoil_after_run, partial(shell, script)))
        for fault, script in {
            "truncated": "sed -i '$d' audit/audit.jsonl",
            "emptied": ": > audit/audit.jsonl",
            "removed": "rm audit/audit.jsonl",
        }.items()
    },
    **{
        f"disk full after {room} bytes of the attempt": Fault(NOT_ATTEMPTED, UNWRITTEN, play=partial(limit_at, 2, room))
        for room in (0, 700)
    },
    **{
        f"disk full after {room} bytes of the result": Fault(LOST_RESULT, UNRECORDED, play=partial(limit_at, 3, room))
        for room in (0, 700)
    },
    "disk read-only": disk(NO_JOURNAL, ("Read-only file system", *FILE), "true", options=",ro"),
    "no inode left": disk(UNRESERVED, UNWRITTEN, "true", options=",nr_inodes=4"),
    "no inode left between attempt and result": disk(
        SUCCESS,
        BEHIND,
        "i=0; while touch audit/filler$i; do i=$((i+1)); done",
        place=RESULT,
        options=",nr_inodes=20",
    ),
    "disk full": disk(NO_JOURNAL, UNWRITTEN, FILL),
    "disk full before the attempt": disk(NOT_ATTEMPTED, UNWRITTEN, FILL, place=ATTEMPT),
    "disk full between attempt and result: there is room kept": disk(SUCCESS, CONFIRMED, FILL, place=RESULT),
    "disk full between attempt and result, the room that was kept too": disk(
        LOST_RESULT, UNRECORDED, f"rm audit/ballast; {FILL}", place=RESULT
    ),
}
