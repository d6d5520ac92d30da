"""One call of rsautil, from its command line to its exit code."""

from __future__ import annotations

import os
import sys
import time

from . import terminal
from .state import State
from .variants import PASSWORD, QUESTION, REFUSED, USERNAME, variant

USAGE = "usage: rsautil manage-secrets -a get NAME | store -o ADMIN -a update_config KEY VALUE INSTANCE\n"
CHECK = ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"]

# Documented: the line of manage-secrets.
SECRET = "com.rsa.db.dba.password: {dba}\n"
# By analogy with the documented transcript of add_config: a NOTICE that names the key, and a table with one empty row.
PSQL = "psql.bin:/tmp/2f0c9a51-7d1e-4c7b-9b1a-5d6b3f1f0e3c1234567890123456789.sql:108: "
UPDATED = PSQL + 'NOTICE:  Updated the configuration parameter "{key}" with the value "{value}"\n'
TABLE = " update_config\n---------------\n\n(1 row)\n\n"
MISSING = PSQL + 'ERROR:  configuration parameter "{key}" does not exist\n'

# Their module is slow to import.
SIGHUP, SIGINT, SIGKILL, SIGTERM = 1, 2, 9, 15

KINDS = {USERNAME: "username", PASSWORD: "password", QUESTION: "other"}
REFUSALS = {
    "refused": REFUSED,
    "unknown": "Authentication failed: the OC Administrator does not exist.\n",
    "locked": "Authentication failed: the OC Administrator account is locked.\n",
}


class Play:
    """A call as it is played by the variant in force."""

    def __init__(self, argv: list[str], state: State) -> None:
        """Take the command line apart, and look up the variant in force."""
        self.command = "verify" if argv == CHECK else "update"
        # zip takes no strict in the Python 3.9 of Debian 11, where the tests of the RPM play this.
        names = ("{key}", "{value}", "{instance}")
        self.words = {names[number]: word for number, word in enumerate(argv[5:])}
        self.state = state
        self.behaviour = state.read("behaviour")
        self.variant = variant(self.behaviour[self.command], f"{state.folder}/../lib/transcripts")
        self.typed = {"username": "" if self.command == "verify" else argv[2], "password": ""}

    def number(self, name: str) -> float:
        """Return a number of the row, unless the behaviour sets it for this command or for both."""
        own = getattr(self.variant, name, 0)
        return float(self.behaviour.get(f"{self.command}_{name}", self.behaviour.get(name, own)))

    def run(self) -> int:
        """Play the call and return its exit code."""
        terminal.write(self.variant.opening)
        if self.variant.ends == "hangs at once":
            self.hang()
        if self.log_in():
            return self.variant.code if self.variant.refuses else 1
        time.sleep(self.number("delay"))
        text = self.do()
        if self.variant.ends.endswith("killed"):
            self.kill()
        self.say(text)
        self.make_noise()
        if self.variant.ends != "exits":
            self.hang()
        if self.variant.leaves:
            self.leave_child()
        return self.variant.code

    def log_in(self) -> bool:
        """Ask, check what is typed, and say so when it is refused; return whether it is."""
        usual = (PASSWORD,) if self.typed["username"] else (USERNAME, PASSWORD)
        asks: tuple[str, ...] = usual if self.variant.asks is None else self.variant.asks
        for _ in range(self.variant.tries):
            for text in asks:
                self.ask(text)
            if not asks:
                return False  # the rows that end before any login
            refuses = self.variant.refuses
            refused = self.state.login(self.typed["username"], self.typed["password"], refuses=refuses)
            if not refused:
                return False
            self.say(self.variant.says or "" if refuses else REFUSALS[refused])
            asks = (PASSWORD,)
        return True

    def ask(self, text: str) -> None:
        """Ask for one line as Java's Console does: without echo for a password, and with a new line after it."""
        kind, hidden = KINDS[text], text == PASSWORD
        echoed = terminal.set_echo(on=self.variant.echo) if hidden else True
        prompt = text.removesuffix(": ") + self.variant.colon
        terminal.show_prompt(prompt, self.variant.pieces)
        self.state.log("asked", prompt=kind)
        if self.variant.redraws:
            self.typed[kind] = terminal.edit_line(prompt, self.variant.redraws, hidden=hidden)
        else:
            self.typed[kind] = terminal.read_line()
        self.state.log("answered", prompt=kind)
        if hidden:
            terminal.set_echo(on=echoed)
            terminal.write("" if self.variant.redraws else "\n")

    def do(self) -> str:
        """Change what is to be changed and return what there is to say."""
        if self.variant.noise:
            return ""
        if self.command == "verify":
            return SECRET if self.variant.says is None else self.variant.says
        configuration, (key, value, instance) = self.state.read("configuration"), self.words.values()
        if key not in configuration:
            return MISSING
        if self.variant.changes:
            self.state.write("configuration", configuration | {key: {"value": value, "instance": instance}})
        return UPDATED + TABLE if self.variant.says is None else self.variant.says

    def say(self, text: str) -> None:
        """Write *text*, as psql does: what psql reports to standard error, tables to standard output."""
        dba = self.state.read("secrets")["com.rsa.db.dba.password"]
        for gap, filling in (self.words | {"{password}": self.typed["password"], "{dba}": dba}).items():
            text = text.replace(gap, filling)
        for line in text.splitlines(keepends=True):
            terminal.write(line, 2 if line.startswith("psql.bin:") else 1)

    def make_noise(self) -> None:
        """Write as many bytes of noise as the row or the behaviour says."""
        left = int(self.number("size")) if self.variant.noise else 0
        blocks = {"random": b"", "lines": (b"." * 79 + b"\n") * 800, "line": b"." * 64000}
        while left > 0:
            block = (blocks[self.variant.noise] or os.urandom(64000))[:left]
            terminal.write_bytes(block)
            left -= len(block)

    def hang(self) -> None:
        """Do nothing for the seconds in the behaviour (so that nothing forgotten stays for ever), then end."""
        if self.variant.ends == "hangs on":
            ignore(SIGTERM, SIGHUP, SIGINT)
        self.state.log("hangs", hangs=os.getpid())
        time.sleep(self.number("seconds"))
        os._exit(1)

    def kill(self) -> None:
        """Kill what the row says; Java lives on for a while when only the wrapper dies, which closes the terminal."""
        ignore(SIGHUP)
        os.kill(os.getppid(), SIGKILL)
        if self.variant.ends == "wrapper killed":
            self.hang()
        os.kill(os.getpid(), SIGKILL)

    def leave_child(self) -> None:
        """Leave a process behind that holds the terminal."""
        # Before the fork, so that the child can't be hung up with the terminal when the wrapper ends first.
        ignore(SIGHUP)
        child = os.fork()
        if child:
            os.setpgid(child, child)
            self.state.log("left", left=child)
            return
        time.sleep(self.number("seconds"))
        os._exit(0)


def ignore(*signals: int) -> None:
    """Ignore *signals*."""
    import signal  # noqa: PLC0415  seldom needed

    for number in signals:
        signal.signal(number, signal.SIG_IGN)


def explain(argv: list[str]) -> int:
    """Say how rsautil is used and return the exit code; that help exits 0 is an assumption."""
    terminal.write(USAGE)
    return 0 if not argv or "--help" in argv else 1


def main(folder: str) -> None:
    """Play one call with the state in *folder*, from its beginning in the list of calls to its end there."""
    state, argv = State(folder), sys.argv[1:]
    # That manage-secrets takes -o is not documented: refused.
    update = argv[:2] == ["store", "-o"] and argv[3:5] == ["-a", "update_config"] and len(argv) == 8
    # The environment that the wrapper was started with, before its shell added to it.
    with open(f"/proc/{os.getppid()}/environ", encoding="utf-8", errors="surrogateescape") as file:
        environment = dict(pair.split("=", 1) for pair in file.read().split("\0") if pair)
    state.log(
        "started",
        argv=argv,
        environment=environment,
        folder=os.getcwd(),
        pid=os.getpid(),
        parent=os.getppid(),
        session=os.getsid(0),
    )
    try:
        code = Play(argv, state).run() if argv == CHECK or update else explain(argv)
    except terminal.ClosedError:
        code = 1
    state.log("ended", exit_code=code)
    os._exit(code)
