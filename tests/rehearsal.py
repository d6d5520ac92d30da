"""A rehearsal appliance with its settings, and onbox as a real process in front of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
from appliance import make as maker
from appliance.make import ADMIN, PASSWORD, Appliance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = Path(__file__).resolve().parent.parent
SECONDS = 30  # how long a prompt or the end may take

# A complete set of answers, by the prompts they belong to; without the host name, which is the machine's.
ANSWERS = {
    r"Operations Console administrator: ": ADMIN,
    r"Password of Operations Console administrator .*: ": PASSWORD,
    r"Reason \[1-5\]: ": "1",
    r"Type the host name to go ahead: ": os.uname().nodename,
}


def without_rights() -> list[str]:
    """Return what to put before a command so that it runs without the rights of root.

    Root falls to the owner of the checkout, which scripts/test makes for an id that nobody has.
    """
    owner = CHECKOUT.stat().st_uid
    return [] if os.geteuid() else ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"]


class Machine(Appliance):
    """A rehearsal appliance with the settings that lead onbox to it."""

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "onbox.toml"

    @property
    def audit(self) -> Path:
        """The folder of the audit journal."""
        return self.folder / "audit"

    def configure(self, audit: Path, syslog: str = "", timeouts: Mapping[str, float] | None = None) -> None:
        """Write the settings file."""
        text = f'[appliance]\nhome = "{self.home}"\n[audit]\ndirectory = "{audit}"\nsyslog = "{syslog}"\n[timeouts]\n'
        self.config.write_text(text + "".join(f"{name} = {seconds}\n" for name, seconds in (timeouts or {}).items()))

    def journal(self) -> list[dict[str, Any]]:
        """Return the audit records so far; none when the journal is not even a file."""
        path = self.audit / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def make(folder: Path) -> Machine:
    """Make a rehearsal appliance in *folder*, new or empty, that belongs to the user who runs onbox."""
    machine = Machine(folder)
    command = [*without_rights(), sys.executable, maker.__file__, str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    machine.audit.mkdir(mode=0o700)
    machine.configure(machine.audit)
    owner = folder.stat()
    for path in (machine.audit, machine.config):
        os.chown(path, owner.st_uid, owner.st_gid)
    return machine


def talk(child: pexpect.spawn[str], answers: Mapping[str, Any], until: str | None = None) -> None:
    """Answer what is asked, to the end, or until something is shown, or until nothing is left to answer.

    *answers* has for each prompt, a regular expression, a text, or several for a prompt that comes again.
    In place of a text there can be what is done with the terminal.
    """
    left = dict(answers)
    while left or until:
        prompts = list(left)
        found = child.expect([*prompts, *([until] if until else []), pexpect.EOF])
        if found >= len(prompts):
            return
        answer = left.pop(prompts[found])
        first, *rest = answer if isinstance(answer, tuple) else (answer,)
        left |= {prompts[found]: tuple(rest)} if rest else {}
        if callable(first):
            first(child)
        else:
            child.sendline(first)
        if child.closed:
            return


@dataclass(frozen=True)
class Run:
    """How a run of onbox ended, and what it showed."""

    exit_code: int  # minus the signal when one ended it
    screen: str  # of the terminal; without one, standard output
    errors: str = ""  # standard error, without a terminal


@dataclass(frozen=True)
class Onbox:
    """The command ``onbox --config`` of one machine, run by a person who just logged in."""

    machine: Machine
    home: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line."""
        return [*without_rights(), sys.executable, "-m", "onbox", "--config", str(self.machine.config), *arguments]

    def environment(self) -> dict[str, str]:
        """Return a person's environment, and what coverage needs to look into the process."""
        mine = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
        return mine | {
            "HOME": str(self.home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TERM": "linux",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(CHECKOUT),
        }

    def spawn(self, *arguments: str, command: Sequence[str] = (), **environment: str) -> pexpect.spawn[str]:
        """Start onbox, or another *command*, on a terminal of 80x25 and return it; its log holds what is shown."""
        program, *more = command or self.command(*arguments)
        child: pexpect.spawn[str] = pexpect.spawn(
            program,
            more,
            env=self.environment() | environment,
            cwd=self.home,
            encoding="utf-8",
            codec_errors="replace",
            timeout=SECONDS,
            dimensions=(25, 80),
        )
        child.logfile_read = io.StringIO()
        return child

    def __call__(self, *arguments: str, answers: dict[str, str] | None = None, **environment: str) -> Run:
        """Run onbox on a terminal to its end; each prompt of *answers*, a regular expression, is answered once."""
        child = self.spawn(*arguments, **environment)
        talk(child, ANSWERS if answers is None else answers)
        child.expect(pexpect.EOF)
        child.wait()
        child.close()
        return Run(exit_code(child), shown(child).replace("\r\n", "\n"))

    def without_terminal(self, *arguments: str, stdout: Any = subprocess.PIPE, **environment: str) -> Run:
        """Run onbox as a service would: no controlling terminal, nothing on standard input."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment() | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
        return Run(done.returncode, done.stdout or "", done.stderr)


def shown(child: pexpect.spawn[str]) -> str:
    """Return all that was shown on the terminal of *child*."""
    screen: Any = child.logfile_read
    return str(screen.getvalue())


def exit_code(child: pexpect.spawn[str]) -> int:
    """Return how *child* ended: its exit code, or minus the signal."""
    return (child.exitstatus or 0) if child.signalstatus is None else -child.signalstatus
