"""Runs one command on a terminal of its own, answers its prompts, and keeps what it said.

The only module that starts processes.
"""

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from onbox.caller import account_name, home_folder

if TYPE_CHECKING:
    from queue import Queue

    from sh import RunningCommand

Ending = Literal["exited", "not-started", "timeout", "asked-again"]

# What a line may have before the rest of it is dropped, and before it is cut for keeping.
_LONGEST, _LONGEST_KEPT = 8192, 1000
# How many lines are kept whatever they say, and how many in all.
_CONTEXT, _MOST = 100, 400
_POLL_SECONDS = 0.01
_TERM_SECONDS = 3
# Also those that sh gives to a death by signal; what an exit means is not for sh to judge.
_ANY_CODE = tuple(range(-64, 256))
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
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
    """Reads the terminal one byte at a time, since a prompt doesn't end its line."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._prompts = {prompt.lower().encode(): prompt for prompt in script.answers}
        self._line = bytearray()
        self.lines: list[str] = []
        self.partial = False
        self.answered: list[str] = []
        self.asked_again = False
        self.failure: BaseException | None = None
        self.stop = threading.Event()

    def feed(self, chunk: str | bytes, stdin: "Queue[bytes]") -> None:
        """Take what sh read; sh would swallow an exception, so it is kept for the main thread.

        A byte that alone is not text comes as bytes.
        """
        try:
            for byte in chunk.encode() if isinstance(chunk, str) else chunk:
                self._take(byte, stdin)
        except BaseException as failure:  # noqa: BLE001 - raised again in the main thread
            self.failure = failure
            self.stop.set()

    def _take(self, byte: int, stdin: "Queue[bytes]") -> None:
        if byte in b"\r\n":
            self.end_line()
        elif len(self._line) == _LONGEST:
            self.partial = True
        else:
            self._line.append(byte)
            if byte == ord(":"):
                self._answer(stdin)

    def _answer(self, stdin: "Queue[bytes]") -> None:
        line = bytes(self._line).lower()
        for ending, prompt in self._prompts.items():
            if not line.endswith(ending) or self.stop.is_set():
                continue
            if prompt in self.answered:
                # Asked again means the answer was wrong; another try would count towards a lockout.
                self.asked_again = True
                self.stop.set()
            else:
                self.answered.append(prompt)
                stdin.put(self._script.answers[prompt]() + b"\n")
                # With echo off, what comes next stands behind the prompt unless the command begins a new line itself.
                self.end_line()

    def end_line(self) -> None:
        """Keep the line that is over, if it is worth it."""
        if not self._line.strip():
            self._line.clear()
            return
        text = self._script.redact(plain(self._line.decode("utf-8", "replace")))[:_LONGEST_KEPT]
        self._line.clear()
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
    import sh  # noqa: PLC0415 - a tenth of a second that only a run needs

    # At DEBUG, sh logs what is typed to the command, and at INFO all its arguments.
    logging.getLogger("sh").setLevel(logging.CRITICAL + 1)
    reader = _Reader(script)
    started = time.monotonic()
    try:
        running = sh.Command(str(command))(
            *arguments,
            _cwd=str(command.parent),
            _env=dict(environment),
            _tty_in=True,
            _unify_ttys=True,
            _out_bufsize=0,
            _out=reader.feed,
            _ok_code=_ANY_CODE,
            _bg=True,
            _bg_exc=False,
            _return_cmd=True,
        )
    except (sh.CommandNotFound, sh.ForkException, OSError) as error:
        return Transcript("not-started", problem=type(error).__name__)
    ending: Ending = "exited"
    try:
        while running.is_alive():
            seconds = time.monotonic() - started
            if reader.stop.is_set():
                ending = "asked-again"
                break
            if seconds > timeout:
                ending = "timeout"
                break
            tick(seconds)
            reader.stop.wait(_POLL_SECONDS)
    finally:
        _end(running)
    if reader.failure:
        raise reader.failure
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


def _end(running: "RunningCommand") -> None:
    """See that the command and all it left in its session are gone, and that its last words were read."""
    session = running.process.sid
    if running.is_alive():
        _signal_session(session, signal.SIGTERM)
        deadline = time.monotonic() + _TERM_SECONDS
        while running.is_alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        _signal_session(session, signal.SIGKILL)
    # Without this, the thread of sh that waits for more input sleeps on for a tenth of a second.
    running.process.stdin.put(None)
    running.wait()
    _signal_session(session, signal.SIGKILL)


def _signal_session(session: int, number: signal.Signals) -> None:
    """Signal every process of a session; job control may have put them into several process groups."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # Behind the name in parentheses, which can hold anything: state, parent, group, session.
            if int((process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[3]) == session:
                os.kill(int(process.name), number)
