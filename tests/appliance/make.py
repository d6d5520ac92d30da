#!/usr/bin/env python3
"""Make a rehearsal appliance: a folder with an am/utils/rsautil that behaves as the vendor's documentation shows.

    FOLDER/am/utils/rsautil   a shell script that runs lib/ as its child, as the vendor's runs Java
    FOLDER/lib/               what answers, and the recordings it can play
    FOLDER/state/             administrators, configuration, secrets, behaviour, and the list of calls

The folder can be moved or copied; only the interpreter's path is fixed.
Passwords are kept in state/ alone, so a search for leaked ones leaves that folder out.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ADMIN = "ocadmin"
PASSWORD = "Rehearsal-1!"
DBA_SECRET = "DBA-SECRET-7f3a9c51e2d84b06"
MARKER = "auth_manager.cas.authentication.ha.seed_sync.marker_time"
MARKER_TIME = "1763942400000"

ENGINE = Path(__file__).resolve().parent / "engine"
TRANSCRIPTS = Path(__file__).resolve().parent.parent / "transcripts"
WRAPPER = """\
#!/bin/sh
# Stands in for the vendor's wrapper: what does the work is a child of this shell.
'{python}' -I -S "${{0%/*}}/../../lib" "$@"
exit $?
"""
RUNNER = """\
import os
from engine.play import main
main(os.path.abspath(os.path.dirname(__file__) + "/../state"))
"""


@dataclass
class Call:
    """One run of rsautil: how it was started, what it asked and was told, what it changed, and how it ended."""

    argv: list[str]  # without the program's name
    environment: dict[str, str]  # as given to the wrapper
    folder: str
    pid: int
    parent: int
    session: int
    time: float  # seconds since 1970
    asked: list[str] = field(default_factory=list)  # "username", "password" or "other", in order
    answered: list[str] = field(default_factory=list)  # the same; values are never kept
    left: int | None = None  # process id of a child left behind
    hangs: int | None = None  # process id of the one that never ends
    exit_code: int | None = None  # None: has not ended, or was killed


@dataclass(frozen=True)
class Appliance:
    """A rehearsal appliance in *folder*."""

    folder: Path

    @property
    def home(self) -> Path:
        """The folder that stands for /opt/rsa/am."""
        return self.folder / "am"

    @property
    def rsautil(self) -> Path:
        """The utility."""
        return self.home / "utils" / "rsautil"

    def read(self, name: str) -> dict[str, Any]:
        """Return the content of state/NAME."""
        return dict(ast.literal_eval((self.folder / "state" / name).read_text()))

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace the content of state/NAME."""
        (self.folder / "state" / name).write_text(f"{content!r}\n")

    def behave(self, **settings: str | float) -> None:
        """Set the behaviour from now on.

        ``verify`` and ``update`` each name a variant or a recording, for manage-secrets and for store.
        ``delay`` is the seconds between the login and what follows, ``seconds`` how long what never ends lasts at most.
        ``size`` replaces the variant's own number.
        A number with a command in front holds for that command alone: ``update_delay``.
        """
        self.write("behaviour", {**self.read("behaviour"), **settings})

    def calls(self) -> list[Call]:
        """Return the calls so far, in the order of their beginnings."""
        path = self.folder / "state" / "calls"
        calls: dict[str, Call] = {}
        for line in path.read_text().splitlines():
            event = ast.literal_eval(line)
            which, kind, when = event.pop("call"), event.pop("event"), event.pop("time")
            if kind == "started":
                calls[which] = Call(time=when, **event)
            elif kind in {"asked", "answered"}:
                getattr(calls[which], kind).append(event["prompt"])
            else:
                vars(calls[which]).update(event)
        return list(calls.values())

    def marker(self) -> str:
        """Return the marker time in force."""
        return str(self.read("configuration")[MARKER]["value"])


def make(folder: Path, python: str = sys.executable) -> Appliance:
    """Make a rehearsal appliance in *folder*, new or empty, that runs on the interpreter *python*.

    It belongs to the caller.

    Raises:
        FileExistsError: there is one already.

    """
    appliance = Appliance(folder)
    for part in (appliance.rsautil.parent, folder / "lib", folder / "state"):
        part.mkdir(parents=True, mode=0o755)
    # Under any umask: onbox refuses a folder that others may write.
    for part in (folder, appliance.home):
        part.chmod(part.stat().st_mode & ~0o022)
    # Compiled where they are kept, once, and copied with their times: no call has to compile again.
    compileall.compile_dir(ENGINE, quiet=2)
    # Another process may just compile them too: leave its unfinished files out.
    shutil.copytree(ENGINE, folder / "lib" / "engine", ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copytree(TRANSCRIPTS, folder / "lib" / "transcripts")
    (folder / "lib" / "__main__.py").write_text(RUNNER)
    appliance.rsautil.write_text(WRAPPER.format(python=python))
    appliance.rsautil.chmod(0o755)
    appliance.write("administrators", {ADMIN: {"password": PASSWORD, "failures": 0, "locked_until": 0}})
    appliance.write("configuration", {MARKER: {"value": MARKER_TIME, "instance": "GLOBAL"}})
    appliance.write("secrets", {"com.rsa.db.dba.password": DBA_SECRET})
    appliance.write("behaviour", {"verify": "documented", "update": "documented", "delay": 0, "seconds": 600})
    (folder / "state" / "calls").touch()
    return appliance


def main() -> None:
    """Make one from the command line."""
    parser = argparse.ArgumentParser(description="Make a rehearsal appliance.")
    parser.add_argument("folder", type=Path, help="new or empty")
    parser.add_argument("--python", default=sys.executable, help="an interpreter, 3.9 or newer")
    appliance = make(**vars(parser.parse_args()))
    print(f"{appliance.rsautil}: administrator {ADMIN}, password {PASSWORD}")  # noqa: T201


if __name__ == "__main__":
    main()
