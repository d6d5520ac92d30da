"""The scene of a fault: a rehearsal appliance with secrets of its own, and a person who runs onbox in front of it."""

from __future__ import annotations

import json
import os
import signal
import termios
import uuid
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pexpect
from appliance.make import ADMIN
from rehearsal import ANSWERS, Onbox, Run, exit_code, shown, talk, without_rights

from faults.watch import Syslog, Watcher, process_state, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.make import Call

HOST = os.uname().nodename
PROMPTS = dict(zip(("admin", "password", "reason", "host"), ANSWERS, strict=True)) | {"note": "Note: "}
UNNAMED = 61174  # a user id without an account and without files
# For a run in which coverage would be in the way: it takes memory, and writes where onbox may not.
UNCOVERED = {name: "" for name in os.environ if name.startswith("COVERAGE_")}
HOOKED = Path(__file__).with_name("hooked.py")

Child = pexpect.spawn  # [str], which pexpect does not know at run time


class Scene:
    """One rehearsal appliance, and what happens in front of it."""

    def __init__(self, onbox: Onbox) -> None:
        """Give the appliance a password and a secret that no other test has."""
        self.onbox, self.machine, self.journal = onbox, onbox.machine, onbox.machine.journal
        self.owner = (self.machine.folder.stat().st_uid, self.machine.folder.stat().st_gid)
        self.password, self.dba = f"Sentinel!{uuid.uuid4().hex[:16]}", f"Dba!{uuid.uuid4().hex[:16]}"
        self.machine.write("administrators", {ADMIN: {"password": self.password, "failures": 0, "locked_until": 0}})
        self.machine.write("secrets", {"com.rsa.db.dba.password": self.dba})
        self.marker_before = self.machine.marker()
        self.shown: list[Run] = []
        self._own: set[Child[str]] = set()
        self._held = ExitStack()
        self.at_end = self._held.callback

    def __enter__(self) -> Self:
        """Begin to look for the secrets, and to receive the syslog copies."""
        state = self.machine.folder / "state"
        self.watcher = self._held.enter_context(Watcher((self.password, self.dba), self.machine.folder, state))
        self.syslog = self._held.enter_context(Syslog(self.owner))
        self.settings()
        return self

    def __exit__(self, *_: object) -> None:
        """End what looks on, and undo what was given to `at_end`."""
        self._held.close()

    def settings(self, audit: Path | None = None, timeouts: Mapping[str, float] | None = None) -> None:
        """Write the settings file."""
        self.machine.configure(audit or self.machine.audit, str(self.syslog.path), timeouts)

    def answers(self, **changes: object) -> dict[str, Any]:
        """Return what is answered to each question: a text or several, or what is done with the terminal instead."""
        given = {"admin": ADMIN, "password": self.password, "reason": "1", "host": HOST, **changes}
        return {PROMPTS[name]: answer for name, answer in given.items() if answer is not None}

    def spawn(
        self,
        *arguments: str,
        plan: str = "",
        before: tuple[str, ...] = (),
        user: int | None = None,
        program: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Child[str]:
        """Start onbox on a terminal.

        It is hooked as *plan* says, run by *user* (who may be somebody else only for root) behind the command *before*,
        and *program* takes the place of the whole command line.
        """
        command = program or (*before, *self.command(*arguments, plan=plan, user=user))
        child = self.onbox.spawn(command=command, **(environment or {}))
        if not program:  # another program may leave other modes behind
            self._own.add(child)
        self.pid = int(child.pid or 0)
        return child

    def command(self, *arguments: str, plan: str = "", user: int | None = None) -> list[str]:
        """Return the command line of onbox; without *arguments*, of `resync`."""
        command = self.onbox.command(*(arguments or ("resync",)))
        if user is not None:
            command = command[len(without_rights()) :]
        if user:
            command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
        if plan:
            at = command.index("-m")
            command[at : at + 2] = [str(HOOKED), plan]
        return command

    def talk(self, child: Child[str], answers: Mapping[str, Any] | None = None, until: str | None = None) -> None:
        """Answer what is asked, each question as often as there are answers, to the end or until something is shown."""
        talk(child, self.answers() if answers is None else answers, until)

    def end(self, child: Child[str]) -> Run:
        """Wait for the end of a run and keep how it ended."""
        if not child.closed:
            child.expect(pexpect.EOF)
        wait_until(lambda: process_state(int(child.pid or 0)) in ("", "Z"))
        child.wait()
        if not child.closed:
            # Nothing can give the terminal back for a process that is killed.
            if child in self._own and child.signalstatus != signal.SIGKILL:
                assert _modes_of_new_terminal() == termios.tcgetattr(child.child_fd)
            child.close()
        self.shown.append(Run(exit_code(child), shown(child)))
        return self.shown[-1]

    def run(self, *arguments: str, answers: Mapping[str, Any] | None = None, **spawning: Any) -> Run:
        """Run onbox on a terminal to its end."""
        child = self.spawn(*arguments, **spawning)
        self.talk(child, answers)
        return self.end(child)

    def stop_at(self, place: str, disaster: Callable[[], object], *arguments: str) -> Run:
        """Run onbox, hold it at *place* (`MODULE:FUNCTION N before|after`), let *disaster* happen, and go on."""
        child = self.spawn(*arguments, plan=f"{place} SIGSTOP")
        self.talk(child)
        wait_until(lambda: process_state(self.pid) == "T")
        try:
            disaster()
        finally:
            os.kill(self.pid, signal.SIGCONT)
        return self.end(child)

    def hang_up(self, child: Child[str]) -> None:
        """Lose the connection: the other side of the terminal is closed."""
        terminal: Any = vars(child)["ptyproc"]
        terminal.fileobj.close()
        child.closed = terminal.closed = True

    def without_terminal(self, **environment: str) -> Run:
        """Run onbox as a service would: no terminal, nothing on standard input."""
        run = self.onbox.without_terminal("resync", **environment)
        self.shown.append(Run(run.exit_code, run.screen + run.errors))
        return self.shown[-1]

    def wait_for_call(self, number: int, event: str = "answered", kind: str = "password") -> Call:
        """Wait until call *number* of rsautil has asked for, or was given, the *kind* of answer."""
        wait_until(lambda: any(kind in getattr(call, event) for call in self.machine.calls()[number - 1 :][:1]))
        return self.machine.calls()[number - 1]

    def report(self) -> dict[str, Any]:
        """Return what a hooked run said of itself."""
        content: dict[str, Any] = json.loads((self.onbox.home / "hooked.json").read_text())
        return content


def _modes_of_new_terminal() -> list[Any]:
    """Return the modes that each terminal begins with."""
    ours, theirs = os.openpty()
    try:
        return termios.tcgetattr(theirs)
    finally:
        os.close(ours)
        os.close(theirs)
