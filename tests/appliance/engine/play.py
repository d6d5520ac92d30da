"""One call of rsautil, from its command line to its exit code."""

from __future__ import annotations

import os
import sys
import time

from . import terminal, wordings
from .call import Call, parse
from .state import State
from .variants import variant

KINDS = {wordings.USERNAME: "username", wordings.MASTER: "other", wordings.QUESTION: "other"}
REFUSALS = {"refused": wordings.REFUSED, "unknown": wordings.UNKNOWN, "locked": wordings.LOCKED}
SIGINT, SIGHUP, SIGTERM, SIGKILL = 2, 1, 15, 9


class Play:
    """A call as it is played by the variant in force."""

    def __init__(self, call: Call, state: State) -> None:
        """Look up the variant in force."""
        self.call, self.state = call, state
        self.behaviour = state.read("behaviour")
        self.variant = variant(self.behaviour[call.command], f"{state.folder}/../lib/transcripts")
        self.typed = {"username": call.admin, "password": call.password}

    def number(self, name: str) -> float:
        """Return a number of the row, unless behaviour.json sets it for this command or for both."""
        own = getattr(self.variant, name, 0)
        return float(self.behaviour.get(f"{self.call.command}_{name}", self.behaviour.get(name, own)))

    def run(self) -> int:
        """Play the call and return its exit code."""
        terminal.write(self.variant.opening)
        if self.variant.ends == "hangs at once":
            self.hang()
        asks = self.call.asks if self.variant.asks is None else self.variant.asks
        refused = self.log_in(asks)
        if refused:
            return self.variant.code if self.variant.refuses else 1
        time.sleep(self.number("delay"))
        text = self.do()
        if self.variant.ends.endswith("killed"):
            self.kill()
        self.say(text)
        self.make_noise()
        if self.variant.ends != "exits":
            self.hang()
        self.leave_child()
        self.spoil()
        return self.variant.code

    def log_in(self, asks: tuple[str, ...]) -> bool:
        """Ask, check what is typed, and say so when it is refused; return whether it is."""
        for _ in range(self.variant.tries):
            for text in asks:
                self.ask(text)
            if not (asks or self.call.password):
                return False  # the rows that end before any login
            name = self.typed["username"] or next(iter(self.state.read("administrators")))
            if self.variant.refuses:
                self.state.count_failure(name)
                self.say(self.variant.says or "")
            else:
                refused = self.state.login(name, self.typed["password"])
                if not refused:
                    return False
                self.say(REFUSALS[refused])
            asks = (wordings.PASSWORD,)
        return True

    def ask(self, text: str) -> None:
        """Ask for one line as Java's Console does: without echo for a password, and with a new line after it."""
        kind, hidden, echo = (
            KINDS.get(text, "password"),
            text not in {wordings.USERNAME, wordings.QUESTION},
            self.variant.echo,
        )
        time.sleep(self.number("late"))
        echoed = terminal.echoes()
        if hidden and echo != "late":
            terminal.set_echo(on=echo == "on")
        terminal.forget_input()
        prompt = text.removesuffix(": ") + self.variant.colon
        terminal.show_prompt(prompt, self.number("pieces"))
        self.state.log("asked", prompt=kind)
        if self.variant.redraws:
            self.typed[kind] = terminal.edit_line(prompt, self.variant.redraws, hidden=hidden)
            self.state.log("answered", prompt=kind)
            return
        if hidden and echo == "late":
            time.sleep(0.2)
            terminal.set_echo(on=False)
        self.typed[kind] = terminal.read_line()
        self.state.log("answered", prompt=kind)
        if hidden:
            terminal.set_echo(on=echoed)
            terminal.write("\n")

    def do(self) -> str:
        """Change what is to be changed and return what there is to say."""
        call, variant = self.call, self.variant
        if variant.noise:
            return ""
        if call.command == "verify":
            return wordings.SECRET if variant.says is None else variant.says
        if call.key not in self.state.read("configuration"):
            return wordings.MISSING
        if variant.changes:
            self.state.configure(call.key, call.value, call.instance)
        return wordings.UPDATED + wordings.TABLE if variant.says is None else variant.says

    def say(self, text: str) -> None:
        """Write *text*, as psql does: what psql reports to standard error, tables to standard output."""
        gaps = {
            "{key}": self.call.key,
            "{value}": self.call.value,
            "{password}": self.typed["password"],
            "{dba}": self.state.read("secrets")["com.rsa.db.dba.password"],
        }
        for gap, filling in gaps.items():
            text = text.replace(gap, filling)
        for line in text.splitlines(keepends=True):
            terminal.write(line, 2 if line.startswith("psql.bin:") else 1)
            time.sleep(self.number("slow"))

    def make_noise(self) -> None:
        """Write as many bytes of noise as the row or behaviour.json says."""
        left = int(self.number("size")) if self.variant.noise else 0
        blocks = {"random": b"", "lines": (b"." * 79 + b"\n") * 800, "line": b"." * 64000}
        while left > 0:
            block = (blocks[self.variant.noise] or os.urandom(64000))[:left]
            terminal.write_bytes(block)
            left -= len(block)

    def hang(self) -> None:
        """Do nothing for the seconds in behaviour.json (so that nothing forgotten stays for ever), then end."""
        if self.variant.ends == "hangs on":
            ignore(SIGTERM, SIGHUP, SIGINT)
        self.state.log("hangs", pid=os.getpid())
        time.sleep(self.number("seconds"))
        os._exit(1)

    def kill(self) -> None:
        """Kill what the row says; Java lives on for a while when only the wrapper dies, which closes the terminal."""
        ignore(SIGHUP)
        if self.variant.ends != "java killed":
            os.kill(os.getppid(), SIGKILL)
        if self.variant.ends == "wrapper killed":
            self.hang()
        os.kill(os.getpid(), SIGKILL)

    def leave_child(self) -> None:
        """Leave a process behind that holds the terminal, when the row says so."""
        if not self.variant.leaves:
            return
        # Before the fork, so that the child can't be hung up with the terminal when the wrapper ends first.
        ignore(SIGHUP)
        child = os.fork()
        if child:
            if self.variant.leaves == "in its own group":
                os.setpgid(child, child)
            self.state.log("left", pid=child)
            return
        time.sleep(self.number("seconds"))
        os._exit(0)

    def spoil(self) -> None:
        """Do to the rsautil file what the row says."""
        path = f"{self.state.folder}/../am/utils/rsautil"
        if self.variant.spoils == "removed":
            os.unlink(path)
        elif self.variant.spoils == "not executable":
            os.chmod(path, 0o644)
        elif self.variant.spoils == "replaced":
            with open(path, encoding="utf-8") as old, open(f"{path}.new", "w", encoding="utf-8") as new:
                new.write(old.read())
            os.chmod(f"{path}.new", 0o755)
            os.replace(f"{path}.new", path)


def ignore(*signals: int) -> None:
    """Ignore *signals*."""
    import signal  # noqa: PLC0415  seldom needed, and slow to import

    for number in signals:
        signal.signal(number, signal.SIG_IGN)


def given_environment() -> dict[str, str]:
    """Return the environment that the wrapper was started with, before its shell added to it."""
    with open(f"/proc/{os.getppid()}/environ", encoding="utf-8", errors="surrogateescape") as file:
        pairs = [pair.partition("=") for pair in file.read().split("\0") if pair]
    return {name: value for name, _, value in pairs}


def answer(argv: list[str], state: State) -> int:
    """Answer the command line *argv* and return the exit code; that help exits 0 is an assumption."""
    if not argv or "--help" in argv:
        terminal.write(wordings.USAGE)
        return 0
    call = parse(argv)
    if call is None:
        terminal.write(wordings.USAGE)
        return 1
    return Play(call, state).run()


def main(folder: str) -> None:
    """Play one call with the state in *folder*, from its beginning in calls.jsonl to its end there."""
    state = State(folder)
    state.log(
        "started",
        argv=sys.argv[1:],
        environment=given_environment(),
        folder=os.getcwd(),
        terminals=[os.isatty(0), os.isatty(1)],
        pid=os.getpid(),
        parent=os.getppid(),
        group=os.getpgid(0),
        session=os.getsid(0),
    )
    try:
        code = answer(sys.argv[1:], state)
    except terminal.ClosedError:
        code = 1
    state.log("ended", exit_code=code)
    os._exit(code)
