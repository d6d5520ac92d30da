"""Runs one command on a terminal of its own, answers its prompts, and keeps what it said.

The only module that starts processes.
"""

import fcntl
import logging
import os
import re
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from onbox.identity import account_name, home_folder

if TYPE_CHECKING:
    from sh import RunningCommand

Ending = Literal["exited", "not-started", "timeout", "asked-again"]

# What a line may have before the rest of it is dropped, and before it is cut for keeping.
_LONGEST, _LONGEST_KEPT = 8192, 1000
# How many lines are kept whatever they say, and how many in all.
_CONTEXT, _MOST = 100, 400
_POLL_SECONDS = 0.01
# A program that shows its prompt before it sees to the terminal may drop what was typed until then.
_BEFORE_ANSWER_SECONDS = 0.02
_BLOCK = 64 * 1024
_TERM_SECONDS, _REST_SECONDS = 3, 2
# Also those that sh gives to a death by signal; what an exit means is not for sh to judge.
_ANY_CODE = tuple(range(-64, 256))
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_PIECES = re.compile(rb"[\r\n]|[^\r\n:]*:|[^\r\n:]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Transcript:
    """What a command said, and how it ended.

    `lines` is what was kept, redacted and without control characters; `partial` says that something of weight may be
    missing from it. `answered` names the prompts that were answered, in their order. Exactly one of `exit_code` and
    `signal` is set when the command ended by itself; `seconds` is how long it took.
    """

    ending: Ending
    lines: tuple[str, ...] = ()
    partial: bool = False
    answered: tuple[str, ...] = ()
    exit_code: int | None = None
    signal: int | None = None
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class Script:
    """What to answer, and what to keep of the answers.

    `answers` maps a prompt to what gives its answer; each is asked for once. `decides` picks the lines that must be
    kept however much is printed; `redact` takes secrets out of a line before it is kept.
    """

    answers: Mapping[str, Callable[[], bytes]]
    decides: Callable[[str], bool]
    redact: Callable[[str], str]


# What a program may be told by its environment: nothing that loads code into it or changes what it runs.
_PASSED_ON = re.compile(r"TZ|RSA_\w+")


def environment(uid: int, inherited: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of the command from scratch, for the account UID; only TZ and RSA_* are INHERITED."""
    name, home = account_name(uid), home_folder(uid)
    return {
        **{key: value for key, value in inherited.items() if _PASSED_ON.fullmatch(key)},
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": "/bin/sh",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "dumb",
        "LC_ALL": "C",
    }


def plain(text: str) -> str:
    """Take terminal escapes and control characters out of TEXT."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text).replace("\t", " "))


class _Reader:
    """Takes what the command shows, answers its prompts, and keeps the lines that matter."""

    def __init__(self, script: Script, terminal: int, pause: float = 0) -> None:
        self._script = script
        self._terminal = terminal
        self._pause = pause
        self._prompts = {prompt.lower().encode(): prompt for prompt in script.answers}
        self._line = bytearray()
        self.lines: list[str] = []
        self.partial = False
        self.answered: list[str] = []
        self.asked_again = False

    def read(self) -> bool:
        """Take what stands on the terminal now; False when no process holds its other side any more."""
        try:
            chunk = os.read(self._terminal, _BLOCK)
        except OSError:  # what Linux says when the last process has closed the other side
            return False
        for piece in _PIECES.findall(chunk):
            self._take(piece)
        return True

    def _take(self, piece: bytes) -> None:
        """Take the end of a line, or text up to a colon or as far as it came: a prompt doesn't end its line."""
        if piece in b"\r\n":
            self.end_line()
            return
        room = _LONGEST - len(self._line)
        self._line += piece[:room]
        if len(piece) > room:
            self.partial = True
        elif piece.endswith(b":"):
            self._answer()

    def _answer(self) -> None:
        line = bytes(self._line).lower()
        for ending, prompt in self._prompts.items():
            if not line.endswith(ending) or self.asked_again:
                continue
            if prompt in self.answered:
                # Asked again means the answer was wrong; another try would count towards a lockout.
                self.asked_again = True
            else:
                self.answered.append(prompt)
                time.sleep(self._pause)
                with suppress(OSError):  # it asked and ended
                    os.write(self._terminal, self._script.answers[prompt]() + b"\n")
                # With echo off, what comes next stands behind the prompt unless the command begins a new line itself.
                self.end_line()

    def end_line(self) -> None:
        """Keep the line that is over, if it is worth it."""
        if not self._line.strip():
            self._line.clear()
            return
        # What is no UTF-8 stays as it is until the secrets are out, which need not be UTF-8 either.
        text = self._script.redact(plain(self._line.decode("utf-8", "surrogateescape")))
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        # Two halves of a control character can have stood apart, as long as another one was between them.
        text = _CONTROLS.sub("\ufffd", text)
        self._line.clear()
        if len(text) > _LONGEST_KEPT:
            text, self.partial = text[:_LONGEST_KEPT], True
        if len(self.lines) < _CONTEXT:
            self.lines.append(text)
        elif self._script.decides(text):
            if len(self.lines) < _MOST:
                self.lines.append(text)
            else:
                self.partial = True


def converse(
    command: Path,
    arguments: tuple[str, ...],
    script: Script,
    *,
    environment: Mapping[str, str],
    timeout: float,
    tick: Callable[[float], None],
) -> Transcript:
    """Run COMMAND with ARGUMENTS from its own folder, and answer its prompts as SCRIPT says.

    The command gets a session and a terminal of its own, so that ^C or a lost connection does not reach it.
    TIMEOUT is in seconds; TICK is called with the seconds so far while it runs.
    What the command leaves running is ended.
    """
    started = time.monotonic()
    terminal, other_side = _open_terminal()
    try:
        with open(other_side, "r+b", buffering=0) as side:  # noqa: PTH123 - a descriptor, not a path
            running = _start(command, arguments, environment, side)
        if isinstance(running, Transcript):
            return running
        reader = _Reader(script, terminal, _BEFORE_ANSWER_SECONDS)
        try:
            ending = _watch(running, reader, terminal, started, timeout, tick)
        finally:
            _end(running)
        _read_rest(reader, terminal)
    finally:
        os.close(terminal)
    reader.end_line()
    code = running.exit_code if ending == "exited" else None
    return Transcript(
        ending="asked-again" if reader.asked_again else ending,
        lines=tuple(reader.lines),
        partial=reader.partial,
        answered=tuple(reader.answered),
        exit_code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        seconds=time.monotonic() - started,
    )


def _open_terminal() -> tuple[int, int]:
    """Open a terminal of 80x25 that echoes nothing, even to a command that prints its prompt before it sees to that."""
    terminal, other_side = os.openpty()
    termios.tcsetwinsize(other_side, (25, 80))
    attributes = termios.tcgetattr(other_side)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(other_side, termios.TCSANOW, attributes)
    return terminal, other_side


def _start(
    command: Path, arguments: tuple[str, ...], environment: Mapping[str, str], terminal: IO[bytes]
) -> "RunningCommand | Transcript":
    """Start COMMAND on TERMINAL, or give the transcript of one that did not start."""
    import sh  # noqa: PLC0415 - a tenth of a second that only a run needs

    # At INFO, sh logs all arguments.
    logging.getLogger("sh").setLevel(logging.CRITICAL + 1)
    try:
        return sh.Command(str(command))(
            *arguments,
            _cwd=str(command.parent),
            _env=dict(environment),
            # Not a terminal made by sh: with that one it can't see a prompt unless it reads one byte at a time.
            _in=terminal,
            _out=terminal,
            _err=terminal,
            _new_session=True,
            _preexec_fn=_join_terminal,
            _ok_code=_ANY_CODE,
            _bg=True,
            _bg_exc=False,
            _return_cmd=True,
        )
    except (sh.CommandNotFound, sh.ForkException, OSError) as error:
        return Transcript("not-started", problem=type(error).__name__)


def _join_terminal() -> None:
    """Make the terminal on standard input the controlling one of the new session, in the child before it is COMMAND.

    When this process is killed the terminal is gone, which must end the command: sh has it ignore that.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _watch(
    running: "RunningCommand",
    reader: _Reader,
    terminal: int,
    started: float,
    timeout: float,
    tick: Callable[[float], None],
) -> Ending:
    """Take what is said until the command ends, asks again or takes too long."""
    held = True
    while running.is_alive():
        if not held:
            time.sleep(_POLL_SECONDS)
        elif select.select([terminal], [], [], _POLL_SECONDS)[0]:
            held = reader.read()
        seconds = time.monotonic() - started
        if reader.asked_again:
            return "asked-again"
        if seconds > timeout:
            return "timeout"
        tick(seconds)
    return "exited"


def _read_rest(reader: _Reader, terminal: int) -> None:
    """Take the last words; a process that left the session, and so was not ended, could go on talking."""
    deadline = time.monotonic() + _REST_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([terminal], [], [], left)[0]:
        if not reader.read():
            return


def _end(running: "RunningCommand") -> None:
    """See that the command and all it left in its session are gone."""
    session = running.process.sid
    if running.is_alive():
        _signal_session(session, signal.SIGTERM)
        deadline = time.monotonic() + _TERM_SECONDS
        while running.is_alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        _signal_session(session, signal.SIGKILL)
    running.wait()
    _signal_session(session, signal.SIGKILL)


def _signal_session(session: int, number: signal.Signals) -> None:
    """Signal every process of a session; job control may have put them into several process groups."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # Behind the name in parentheses, which can hold anything: state, parent, group, session.
            if int((process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[3]) == session:
                os.kill(int(process.name), number)
