"""The scene of a fault: a rehearsal appliance with secrets of its own, and a person who runs onbox in front of it."""

from __future__ import annotations

import io
import json
import os
import signal
import termios
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pexpect
from appliance.make import ADMIN
from rehearsal import ANSWERS, SECONDS, Onbox, without_rights

from faults.watch import Syslog, Watcher, process_state, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from appliance.make import Call

HOST = os.uname().nodename
ASKS_ADMIN, ASKS_PASSWORD, ASKS_REASON, ASKS_HOST = ANSWERS
ASKS_NOTE = "Note: "
UNNAMED = 61174  # a user id that nobody has, and that owns nothing
# For a run in which coverage would be in the way: it takes memory, and writes where onbox may not.
UNCOVERED = {name: "" for name in os.environ if name.startswith("COVERAGE_")}
HOOKED = Path(__file__).with_name("hooked.py")

Child = pexpect.spawn  # [str], which pexpect does not know at run time


@dataclass(frozen=True)
class Shown:
    """How one run ended, and what the person saw."""

    code: int
    screen: str


class Scene:
    """One rehearsal appliance, and what happens in front of it."""

    def __init__(self, onbox: Onbox) -> None:
        """Give the appliance a password and a secret that no other test has."""
        self.onbox, self.machine = onbox, onbox.machine
        self.owner = (self.machine.folder.stat().st_uid, self.machine.folder.stat().st_gid)
        self.password, self.dba = f"Sentinel!{uuid.uuid4().hex[:16]}", f"Dba!{uuid.uuid4().hex[:16]}"
        self.machine.write("administrators", {ADMIN: {"password": self.password, "failures": 0, "locked_until": 0}})
        self.machine.write("secrets", {"com.rsa.db.dba.password": self.dba})
        self.marker_before = self.machine.marker()
        self.shown: list[Shown] = []
        self._screens: dict[Child[str], io.StringIO] = {}
        self._modes: dict[Child[str], list[Any]] = {}
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Begin to look for the secrets, and to receive the syslog copies."""
        state = self.machine.folder / "state"
        self.watcher = self._held.enter_context(Watcher((self.password, self.dba), self.machine.folder, state))
        self.syslog = self._held.enter_context(Syslog(self.owner))
        self.settings()
        return self

    def __exit__(self, *_: object) -> None:
        """End what looks on."""
        self._held.close()

    def settings(self, audit: Path | None = None, timeouts: Mapping[str, float] | None = None) -> None:
        """Write the settings file."""
        lines = [
            f'[appliance]\nhome = "{self.machine.home}"',
            f'[audit]\ndirectory = "{audit or self.machine.audit}"\nsyslog = "{self.syslog.path}"',
            "[timeouts]",
            *(f"{name} = {seconds}" for name, seconds in (timeouts or {}).items()),
        ]
        self.machine.config.write_text("\n".join(lines) + "\n")

    def answers(self, **changes: object) -> dict[str, Any]:
        """Return what is answered to each question: a text or several, or what is done with the terminal instead."""
        given: dict[str, Any] = {"admin": ADMIN, "password": self.password, "reason": "1", "host": HOST, **changes}
        prompts = {"admin": ASKS_ADMIN, "password": ASKS_PASSWORD, "reason": ASKS_REASON, "note": ASKS_NOTE}
        prompts["host"] = ASKS_HOST
        return {prompts[name]: answer for name, answer in given.items() if answer is not None}

    def at_end(self, undo: Callable[[], object]) -> None:
        """Have something undone at the end of the scene."""
        self._held.callback(undo)

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
        command = list(program) or [*before, *self.command(*arguments, plan=plan, user=user)]
        child: Child[str] = pexpect.spawn(
            command[0],
            command[1:],
            env=self.onbox.environment() | dict(environment or {}),
            cwd=self.onbox.home,
            encoding="utf-8",
            codec_errors="replace",
            timeout=SECONDS,
            dimensions=(25, 80),
        )
        child.logfile_read = self._screens[child] = io.StringIO()
        if not program:  # another program may have changed them by now
            self._modes[child] = termios.tcgetattr(child.child_fd)
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
        left = dict(self.answers() if answers is None else answers)
        while left or until:
            prompts = list(left)
            found = child.expect([*prompts, *([until] if until else []), pexpect.EOF])
            if found >= len(prompts):
                return
            answer = left.pop(prompts[found])
            if isinstance(answer, tuple):
                answer, *rest = answer
                left |= {prompts[found]: tuple(rest)} if rest else {}
            if callable(answer):
                answer(child)
            else:
                child.sendline(answer)
            if child.closed:
                return

    def end(self, child: Child[str]) -> Shown:
        """Wait for the end of a run and keep how it ended."""
        if not child.closed:
            child.expect(pexpect.EOF)
        wait_until(lambda: process_state(int(child.pid or 0)) in ("", "Z"))
        child.wait()
        if not child.closed:
            # Nothing can give the terminal back for a process that is killed.
            if child in self._modes and child.signalstatus != signal.SIGKILL:
                assert self._modes[child] == termios.tcgetattr(child.child_fd)
            child.close()
        screen = self._screens[child].getvalue()
        code = child.exitstatus if child.signalstatus is None else -child.signalstatus
        self.shown.append(Shown(code or 0, screen))
        return self.shown[-1]

    def run(self, *arguments: str, answers: Mapping[str, Any] | None = None, **spawning: Any) -> Shown:
        """Run onbox on a terminal to its end."""
        child = self.spawn(*arguments, **spawning)
        self.talk(child, answers)
        return self.end(child)

    def stop_at(self, place: str, disaster: Callable[[], object]) -> Shown:
        """Run onbox, hold it at *place* (`MODULE:FUNCTION N before|after`), let *disaster* happen, and go on."""
        child = self.spawn(plan=f"{place} SIGSTOP")
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

    def without_terminal(self, **environment: str) -> Shown:
        """Run onbox as a service would: no terminal, nothing on standard input."""
        run = self.onbox.without_terminal("resync", **environment)
        self.shown.append(Shown(run.exit_code, run.screen + run.errors))
        return self.shown[-1]

    def wait_for_call(self, number: int, event: str = "answered", kind: str = "password") -> Call:
        """Wait until call *number* of rsautil has asked for, or was given, the *kind* of answer."""

        def happened() -> bool:
            calls = self.machine.calls()
            return len(calls) >= number and kind in getattr(calls[number - 1], event)

        wait_until(happened)
        return self.machine.calls()[number - 1]

    def journal(self) -> list[dict[str, Any]]:
        """Return the audit records; none where the journal is not even a file."""
        return self.machine.journal() if (self.machine.audit / "audit.jsonl").is_file() else []

    def report(self) -> dict[str, Any]:
        """Return what a hooked run said of itself."""
        content: dict[str, Any] = json.loads((self.onbox.home / "hooked.json").read_text())
        return content
