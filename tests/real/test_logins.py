"""The ways to log in to an appliance, and to lose the connection while the update runs."""

from __future__ import annotations

import os
import pwd
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pexpect
import pytest
from faults.watch import wait_until
from rehearsal import ANSWERS, CHECKOUT, SECONDS, Onbox, talk, without_rights

ACCOUNT = pwd.getpwuid(CHECKOUT.stat().st_uid).pw_name
PORT = 2200 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
SSHD = "-f /dev/null -o Port={port} -o ListenAddress=127.0.0.1 -o HostKey={folder}/host -E {folder}/log \
-o AuthorizedKeysFile={folder}/person.pub -o StrictModes=no -o UsePAM=yes -o PidFile=none"

# The input that runs onbox on a terminal, or to get a shell on one, in which it is run.
TERMINALS = {
    "ssh -tt": "{ssh} -tt {account}@127.0.0.1 '{program} resync'",
    "su --pty -c": "su --pty - {account} -c '{program} resync'",
    "script -c": "{person} script --quiet --return --command '{program} resync' /dev/null",
    "tmux": "{person} tmux -S {program}.tmux -f /dev/null new-session '{program} resync'",
    "ssh and its shell": "{ssh} {account}@127.0.0.1",
    "ssh and another shell": "{ssh} -tt {account}@127.0.0.1 'bash -l'",
    "su and its shell": "su - {account}",
}
NO_TERMINAL = {
    "ssh": "{ssh} {account}@127.0.0.1 '{program} resync'",
    "su -c": "su - {account} -c '{program} resync'",
}


@pytest.fixture(scope="session")
def ssh() -> str:
    """Return the command of an SSH client for a server of this test, which ends with the tests' process table."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for key in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    subprocess.run(["/usr/sbin/sshd", *SSHD.format(port=PORT, folder=folder).split()], check=True)
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    return f"ssh -F none -i {folder}/person -p {PORT} {options}"


class Terminal:
    """A terminal on which somebody logs in and runs onbox."""

    def __init__(self, onbox: Onbox, ssh: str) -> None:
        """Make a program that is onbox as it is installed: it needs no environment."""
        self.machine, self.ssh = onbox.machine, ssh
        self.program = self.machine.folder / "onbox"
        command = f"{sys.executable} -m onbox --config {self.machine.config}"
        self.program.write_text(f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {command} "$@"\n')
        self.program.chmod(0o755)

    def start(self, template: str) -> pexpect.spawn[str]:
        """Start what a template of this file stands for."""
        names = {"ssh": self.ssh, "account": ACCOUNT, "program": self.program}
        command = shlex.split(template.format(person=shlex.join(without_rights()), **names))
        environment = {"TERM": "xterm", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}
        return pexpect.spawn(
            command[0], command[1:], env=environment, encoding="utf-8", timeout=SECONDS, dimensions=(25, 80)
        )

    def outcome(self) -> str:
        """Return the outcome that is on record, or an empty text as long as there is none."""
        records = self.machine.journal()
        return str(records[-1]["outcome"]) if records and records[-1]["event"] == "resync.result" else ""

    def above(self, name: str) -> int:
        """Return the process of this name above the rsautil that is running."""
        process = self.machine.calls()[-1].pid
        while name != Path(f"/proc/{process}/comm").read_text().strip():
            status = Path(f"/proc/{process}/status").read_text()
            process = int(status.partition("PPid:")[2].split()[0])
        return process


@pytest.fixture
def terminal(onbox: Onbox, ssh: str) -> Terminal:
    """Return a terminal in front of the rehearsal appliance."""
    return Terminal(onbox, ssh)


def end(child: pexpect.spawn[str]) -> int:
    """Wait for the end of a command and return its exit code."""
    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus or 0)


@pytest.mark.parametrize("way", TERMINALS)
def test_terminal(terminal: Terminal, way: str) -> None:
    """A run on a terminal of the person's own, from a login shell or without one, is a run like any other."""
    child = terminal.start(TERMINALS[way])
    if way.endswith("shell"):
        child.sendline(f"{terminal.program} resync; exit $?")
    talk(child, ANSWERS)

    assert 0 == end(child)
    assert "success" == terminal.outcome()
    actor = terminal.machine.journal()[-1]["actor"]
    assert ACCOUNT == actor["os_user"]
    assert ("127.0.0.1" if way.startswith("ssh") else None) == actor["from"]


@pytest.mark.parametrize("way", NO_TERMINAL)
def test_no_terminal(terminal: Terminal, way: str) -> None:
    """Without a terminal to ask on, a run is refused, and rsautil is not called."""
    assert 3 == end(terminal.start(NO_TERMINAL[way]))
    assert "resync.refused" == terminal.machine.journal()[-1]["event"]
    assert [] == terminal.machine.calls()


# How a run was started, what is lost then, the client on the person's side or a process above the run, and its signal.
LOSSES = {
    "ssh client killed": ("ssh -tt", "client", signal.SIGKILL),
    "ssh client stalled": ("ssh -tt", "client", signal.SIGSTOP),
    "ssh server killed": ("ssh -tt", "sshd", signal.SIGKILL),
    "su killed": ("su --pty -c", "su", signal.SIGKILL),
    "su terminated": ("su --pty -c", "su", signal.SIGTERM),
    "script killed": ("script -c", "script", signal.SIGKILL),
    "tmux client killed": ("tmux", "client", signal.SIGKILL),
    "tmux server killed": ("tmux", "tmux: server", signal.SIGKILL),
    "tmux server terminated": ("tmux", "tmux: server", signal.SIGTERM),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_lost_during_the_update(terminal: Terminal, loss: str) -> None:
    """A terminal that is lost during the update neither ends rsautil nor keeps the result from the record."""
    way, place, number = LOSSES[loss]
    machine = terminal.machine
    machine.behave(update_delay=1.5)
    child = terminal.start(TERMINALS[way])
    talk(child, ANSWERS)
    wait_until(lambda: len(calls := machine.calls()) == 2 and "password" in calls[1].answered)

    os.kill(int(child.pid or 0) if place == "client" else terminal.above(place), number)

    wait_until(lambda: terminal.outcome() != "")
    assert ("success", 0) == (terminal.outcome(), machine.calls()[1].exit_code)
    child.close(force=True)
