"""Strangers: other users, files that others could change, hostile environments, and no person at all."""

from __future__ import annotations

import os
import shlex
from functools import partial
from typing import TYPE_CHECKING

from rehearsal import CHECKOUT

from faults.scene import UNCOVERED, UNNAMED
from faults.table import REFUSED, SUCCESS, WITHOUT_RECORD, Fault, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from faults.scene import Scene

CONFIRMED = ("update-confirmed",)
NO_TERMINAL = ("no-terminal",)
SSH = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"}


def as_user(user: int, scene: Scene) -> None:
    """Run onbox as *user*, who can reach it; the settings are root's, as they are where onbox was installed."""
    for folder in {*CHECKOUT.parents, *scene.machine.folder.parents}:
        if folder.stat().st_uid == scene.owner[0]:
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chown(scene.machine.config, 0, 0)
    scene.run(user=user, environment=UNCOVERED)


def behind_shell(script: str, scene: Scene) -> None:
    """Run onbox as $@ of a shell's script."""
    scene.run(before=("bash", "-c", script, "bash"))


def behind_script(scene: Scene) -> None:
    """Run onbox below the program script, whose terminal is not the one that SSH made."""
    child = scene.spawn(
        program=("script", "--quiet", "--return", "--command", shlex.join(scene.command()), "/dev/null"),
        environment={**SSH, "SSH_TTY": "/dev/pts/0"},
    )
    scene.talk(child)
    scene.end(child)

    assert [None] * 3 == [record["actor"]["from"] for record in scene.journal()]


def trap(folder: Path, name: str) -> Path:
    """Make a program that leaves a trace when it is run."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {name} >>'{folder}/trapped'\n")
    path.chmod(0o755)
    return path


def hostile_environment(scene: Scene) -> None:
    """Run onbox in an environment that would mislead rsautil wherever it can, and see that nothing gets there."""
    folder = scene.machine.folder / "traps"
    folder.mkdir(0o755)
    for name in ("psql", "java", "sh", "python3"):
        trap(folder, name)
    startup = str(trap(folder, "startup"))
    scene.run(
        environment={
            "LD_PRELOAD": "libm.so.6",
            "LD_LIBRARY_PATH": str(folder),
            "JAVA_TOOL_OPTIONS": "-javaagent:/tmp/evil.jar",
            "_JAVA_OPTIONS": "-Xmx1m",
            "CLASSPATH": str(folder),
            "BASH_ENV": startup,
            "ENV": startup,
            "PGHOST": "evil",
            "PATH": f"{folder}:/usr/bin:/bin",
            "IFS": "/",
            "HOME": "/nowhere/\x1b[31m",
            "TERM": "../../%s\x1b[2J",
            "COLUMNS": "1",
            "LINES": "-1",
            "LC_ALL": "\x1b[31m",
            "RSA_SITE": "kept",
        }
    )

    assert not (folder / "trapped").exists()
    for call in scene.machine.calls():
        assert ("/", "kept") == (call.environment["HOME"], call.environment["RSA_SITE"])
    assert "Host " in scene.shown[-1].screen


def ssh_without_terminal(scene: Scene) -> None:
    """Run onbox as `ssh host onbox resync` does: no terminal, but an address."""
    scene.without_terminal(**SSH)

    assert "192.0.2.7" == scene.journal()[0]["actor"]["from"]


def group_may_write(scene: Scene) -> None:
    """Let a group write to rsautil."""
    scene.machine.rsautil.chmod(0o775)


def owned_by_root(scene: Scene) -> None:
    """Give rsautil to root; the group of the account may run it."""
    os.chown(scene.machine.rsautil, 0, scene.owner[1])
    scene.machine.rsautil.chmod(0o750)


def trusted_group(scene: Scene) -> None:
    """Run onbox with an rsautil that a trusted group may write to."""
    group_may_write(scene)
    config = scene.machine.config
    config.write_text(config.read_text().replace("[audit]", f'trusted_group = "{scene.owner[1]}"\n[audit]'))
    scene.run()

    assert all(str(scene.owner[1]) in record["allowed"][0] for record in scene.journal())


STRANGERS: Rows = {
    "root": Fault(WITHOUT_RECORD, ("root",), play=partial(as_user, 0), root=True),
    "another user": Fault(WITHOUT_RECORD, ("wrong-user",), play=partial(as_user, UNNAMED), root=True),
    "rsautil writable by others": Fault(
        REFUSED, ("rsautil-unsafe",), prepare=lambda scene: scene.machine.rsautil.chmod(0o757)
    ),
    "rsautil writable by a group": Fault(REFUSED, ("rsautil-group", "trusted_group"), prepare=group_may_write),
    "rsautil writable by a trusted group": Fault(SUCCESS, CONFIRMED, play=trusted_group),
    "rsautil owned by root, and the folder utils by the account": Fault(
        SUCCESS, CONFIRMED, prepare=owned_by_root, root=True
    ),
    "the folder of rsautil writable by others": Fault(
        REFUSED, ("rsautil-unsafe",), prepare=lambda scene: scene.machine.rsautil.parent.chmod(0o777)
    ),
    "settings writable by others": Fault(
        WITHOUT_RECORD, ("settings-unsafe",), prepare=lambda scene: scene.machine.config.chmod(0o666)
    ),
    "a hostile environment": Fault(SUCCESS, CONFIRMED, play=hostile_environment),
    "cron": Fault(REFUSED, NO_TERMINAL, play=lambda scene: scene.without_terminal()),
    "ssh host onbox resync, without -t": Fault(REFUSED, NO_TERMINAL, play=ssh_without_terminal),
    "a pipe as standard input": Fault(REFUSED, NO_TERMINAL, play=partial(behind_shell, 'yes | "$@"')),
    "a session without controlling terminal, as su -c makes it": Fault(
        REFUSED, ("no-terminal", "su --pty"), play=partial(behind_shell, 'exec setsid --wait "$@"')
    ),
    "in the background": Fault(REFUSED, ("in-background",), play=partial(behind_shell, 'timeout 20 "$@"; exit $?')),
    "script -c, which is a terminal": Fault(SUCCESS, CONFIRMED, play=behind_script),
    "standard output a pipe without a reader": Fault(
        SUCCESS, (), play=partial(behind_shell, 'set -o pipefail; "$@" | true')
    ),
    "standard output closed": Fault(SUCCESS, (), play=partial(behind_shell, 'exec "$@" >&-')),
    "standard error closed": Fault(SUCCESS, CONFIRMED, play=partial(behind_shell, 'exec "$@" 2>&-')),
}
