"""Runs one command on a terminal of its own and answers its prompts.

The only module that starts processes.
"""

import errno
import fcntl
import logging
import os
import re
import resource
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, Self

from onbox.rsautil.dialogue import Dialogue, Ending, Question, Transcript
from onbox.secret import Secret

if TYPE_CHECKING:
    from sh import RunningCommand

_POLL_SECONDS = 0.01
# Between two polls no more time than this passes, unless this process was stopped or the machine paused.
_AWAKE_SECONDS = 1.0
_BLOCK = 64 * 1024
_TERM_SECONDS, _KILL_SECONDS, _LAST_WORDS_SECONDS = 3, 5, 2
# So wide and high that no line editor breaks a line, and no pager waits for a key.
_ROWS, _COLUMNS = 200, 2000
# sh reports a death by signal as the negative number, and raises for each code that is not named here.
_ANY_CODE = tuple(range(-64, 256))
_ERRNO = re.compile(r"\[Errno (\d+)\]")
# Signals that Python and sh ignore or handle, or that a caller can have told us to ignore.
_DEFAULT_SIGNALS = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGTSTP,
    signal.SIGTTIN, signal.SIGTTOU, signal.SIGXFSZ,
)  # fmt: skip


class Clock:
    """Counts seconds: all of them (`passed`), and those in which this process was awake (`awake`)."""

    def __init__(self, now: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME)) -> None:
        """Begin to count; NOW also counts while the machine is suspended."""
        self._now = now
        self._began = self._last = now()
        self.awake = 0.0

    @property
    def passed(self) -> float:
        """The seconds since the beginning."""
        return self._last - self._began

    def tick(self) -> None:
        """Count the time since the last call, unless this process stood still in it."""
        now = self._now()
        if now - self._last <= _AWAKE_SECONDS:
            self.awake += now - self._last
        self._last = now


class NotStartedError(Exception):
    """The command was never started; the text says why."""


def converse(
    command: Path,
    arguments: tuple[str, ...],
    answers: Mapping[str, Callable[[], bytes]],
    *,
    environment: Mapping[str, str],
    timeout: float,
    tick: Callable[[float], None],
    secret: Secret | None = None,
) -> Transcript:
    """Run COMMAND with ARGUMENTS from its own folder, and give each of its prompts its answer, once.

    The command gets a session and a terminal of its own, so that ^C or a lost connection does not reach it.
    TIMEOUT is in seconds, in which time that this process stood still does not count; TICK is called with the seconds
    so far while the command runs, and may raise. Processes that the command leaves running are ended.
    SECRET is forgotten in the process that looks after the session.
    """
    dialogue, clock = Dialogue(tuple(answers)), Clock()
    try:
        session = _Session(partial(_start, command, arguments, environment, secret), dialogue)
    except NotStartedError as error:
        return Transcript("not-started", problem=str(error))
    with session:
        ending = session.watch(answers, clock, timeout, tick)
    clock.tick()
    dialogue.end()
    if ending != "exited" and not session.gone:
        ending = "not-ended"
    elif ending == "exited" and dialogue.asked_again:
        ending = "asked-again"
    code = session.exit_code if ending == "exited" else None
    return Transcript(
        ending,
        before=tuple(dialogue.before),
        after=tuple(dialogue.after),
        partial=dialogue.partial,
        answered=tuple(dialogue.answered),
        exit_code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        seconds=clock.passed,
    )


class _Session:
    """A command on a terminal of its own, from its start to its end."""

    def __init__(self, start: Callable[[IO[bytes]], "RunningCommand"], dialogue: Dialogue) -> None:
        """Have the command started on a new terminal; DIALOGUE takes what it writes.

        Raises:
            NotStartedError: if that is not possible.
        """
        self._dialogue = dialogue
        self._held = True
        self.gone = False
        try:
            self._terminal, other_side = _open_terminal()
        except OSError as error:
            raise NotStartedError(_problem(error.errno)) from None
        try:
            with open(other_side, "r+b", buffering=0) as side:  # noqa: PTH123 - a descriptor, not a path
                self._running = start(side)
        except RuntimeError:
            # The command runs, but sh got no thread to look after it.
            leader = os.getsid(os.tcgetpgrp(self._terminal))
            _signal_session(leader, signal.SIGKILL)
            os.waitpid(leader, 0)
            os.close(self._terminal)
            raise NotStartedError(_problem(errno.EAGAIN)) from None
        except NotStartedError:
            os.close(self._terminal)
            raise

    def __enter__(self) -> Self:
        """Give the session, to be watched."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the command and all it left in its session; `gone` tells whether everything could be killed."""
        session = self._running.process.sid
        deadline = time.monotonic() + _TERM_SECONDS
        if self._running.is_alive():
            _signal_session(session, signal.SIGTERM)
        while self._running.is_alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        deadline = time.monotonic() + _KILL_SECONDS
        while (left := _signal_session(session, signal.SIGKILL)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        self.gone = not left
        if not self._running.is_alive():
            self._running.wait()
        # A process that left the session could go on writing.
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        while self._read() and time.monotonic() < deadline:
            pass
        os.close(self._terminal)

    @property
    def exit_code(self) -> int:
        """The exit code of the command that has ended; below 0 the signal that ended it."""
        return int(self._running.exit_code)

    def watch(
        self,
        answers: Mapping[str, Callable[[], bytes]],
        clock: Clock,
        timeout: float,
        tick: Callable[[float], None],
    ) -> Ending:
        """Take what is written and give ANSWERS, until the command ends, asks again or takes too long."""
        last_words = None
        while True:
            alive = self._running.is_alive()
            self._read()
            clock.tick()
            question = self._dialogue.question(clock.awake)
            if self._dialogue.asked_again:
                return "asked-again"
            if not alive:
                # Its output can still be on its way through a filter such as tee.
                last_words = last_words or clock.awake + _LAST_WORDS_SECONDS
                if not self._held or clock.awake >= last_words:
                    return "exited"
            elif clock.awake > timeout:
                return "timeout"
            elif question and clock.passed > timeout:
                return "stood-still"
            elif question:
                self._type(question, answers[question.prompt]())
            tick(clock.awake)

    def _type(self, question: Question, answer: bytes) -> None:
        with suppress(OSError):  # it asked and ended
            os.write(self._terminal, answer + b"\r")
        self._dialogue.answer(question, answer)

    def _read(self) -> bool:
        """Take what stands on the terminal now or soon; False if there is nothing."""
        if not self._held:
            time.sleep(_POLL_SECONDS)
            return False
        if not select.select([self._terminal], [], [], _POLL_SECONDS)[0]:
            return False
        try:
            self._dialogue.take(os.read(self._terminal, _BLOCK))
        except OSError:  # what Linux says when the last process has closed the other side
            self._held = False
        return self._held


def _open_terminal() -> tuple[int, int]:
    """Open a terminal that echoes nothing, even to a command that prints its prompt before it sees to that."""
    terminal, other_side = os.openpty()
    termios.tcsetwinsize(other_side, (_ROWS, _COLUMNS))
    attributes = termios.tcgetattr(other_side)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(other_side, termios.TCSANOW, attributes)
    return terminal, other_side


def _start(
    command: Path, arguments: tuple[str, ...], environment: Mapping[str, str], secret: Secret | None, side: IO[bytes]
) -> "RunningCommand":
    """Start COMMAND on the terminal of which SIDE is its side."""
    import sh  # noqa: PLC0415 - a tenth of a second that only a run needs

    # At INFO, sh logs all arguments.
    logging.getLogger("sh").setLevel(logging.CRITICAL + 1)
    # If the caller has it ignored, no child can be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if not os.access(command, os.R_OK):
        raise NotStartedError("it does not exist, or you may not read it, and neither may its interpreter")
    try:
        return sh.Command(str(command))(
            *arguments,
            _cwd=str(command.parent),
            _env=dict(environment),
            # Not a terminal made by sh: with that one it can't see a prompt unless it reads one byte at a time.
            _in=side,
            _out=side,
            _err=side,
            _new_session=True,
            _preexec_fn=lambda: _join_terminal(secret),
            _ok_code=_ANY_CODE,
            _bg=True,
            _bg_exc=False,
            _return_cmd=True,
        )
    except sh.CommandNotFound:
        raise NotStartedError("you may not execute it") from None
    except OSError as error:
        raise NotStartedError(_problem(error.errno)) from None
    except sh.ForkException as error:
        # The text of the exception in the child is all that sh passes on.
        number = _ERRNO.search(str(error))
        raise NotStartedError(_problem(int(number[1]) if number else None)) from None


def _problem(number: int | None) -> str:
    """Say why a program could not be started, for the error NUMBER that the system gave."""
    if number == errno.ENOENT:
        return "the interpreter in its first line does not exist"
    if number == errno.ENOEXEC:
        return "its first line names no interpreter"
    if number == errno.EMFILE:
        return f"too many open files (ulimit -n: {resource.getrlimit(resource.RLIMIT_NOFILE)[0]})"
    if number == errno.EAGAIN:
        return f"too many processes (ulimit -u: {resource.getrlimit(resource.RLIMIT_NPROC)[0]})"
    return os.strerror(number) if number else "unknown error"


def _join_terminal(secret: Secret | None) -> None:
    """Make the terminal on standard input the controlling one of the new session, in the child before it is COMMAND.

    The session is led by a process in between: at the end of its leader the kernel hangs up on all in the foreground,
    for example on a `tee` that has the last words yet to write.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    command = os.fork()
    if command:
        _lead_session(command, secret)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    for number in _DEFAULT_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _lead_session(command: int, secret: Secret | None) -> NoReturn:
    """Wait for the process COMMAND, take the foreground from what it left behind, and end as it did.

    If onbox is killed its terminal is gone. The kernel tells this process, and on its end all in the foreground.
    """
    if secret:
        secret.forget()
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Among them is the one by which sh learns whether the command was started.
    os.closerange(1, 1 + max(int(name) for name in os.listdir("/proc/self/fd")))  # noqa: PTH208 - names are enough
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    with suppress(OSError):
        os.tcsetpgrp(0, os.getpid())
    if code < 0:
        with suppress(OSError):  # SIGKILL has no other
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _signal_session(session: int, number: signal.Signals) -> int:
    """Signal every process of a session, which can be in several process groups, and give how many there are."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # Behind the name in parentheses, which can hold anything: state, parent, group, session.
            state, _, _, its_session = (process / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:4]
            if int(its_session) == session and state not in "ZX":
                count += 1
                os.kill(int(process.name), number)
    return count
