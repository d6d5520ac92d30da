"""Runs one command on a terminal of its own and answers its prompts.

The only module that starts processes.
"""

import errno
import fcntl
import logging
import os
import pwd
import re
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from onbox.identity import account_name
from onbox.rsautil.dialogue import Dialogue, Ending, Transcript

if TYPE_CHECKING:
    from sh import OProc

Tick = Callable[[float], None]

_POLL_SECONDS = 0.01
# Between two polls no more time than this passes, unless this process was stopped or the machine paused.
_AWAKE_SECONDS = 1.0
_BLOCK = 64 * 1024
_TERM_SECONDS, _KILL_SECONDS, _LAST_WORDS_SECONDS = 3, 5, 2
# So wide and high that no line editor breaks a line, and no pager waits for a key.
_ROWS, _COLUMNS = 200, 2000
# Goes on while the machine is suspended.
_now = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
_PASSED_ON = re.compile(r"TZ|RSA_\w+")
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_PROBLEMS = {
    errno.ENOENT: "the interpreter in its first line does not exist",
    errno.ENOEXEC: "its first line names no interpreter",
    errno.EMFILE: "too many open files (ulimit -n)",
    errno.EAGAIN: "too many processes (ulimit -u)",
}


def converse(
    command: Path,
    arguments: tuple[str, ...],
    answers: Mapping[str, Callable[[], bytes]],
    timeout: float,
    tick: Tick,
    forget: Callable[[], None] = lambda: None,
    passed_on: tuple[str, ...] = (),
) -> Transcript:
    """Run COMMAND with ARGUMENTS from its own folder, and give each of its prompts its answer, once.

    The command gets a session and a terminal of its own, so that ^C or a lost connection does not reach it.
    TIMEOUT is in seconds; time in which this process is stopped does not count. TICK is called with the seconds so far
    while the command runs, and may raise. Processes that the command leaves running are ended.
    FORGET is called in the process that looks after the session, which needs no secret; variables named in PASSED_ON
    are passed on.
    """
    dialogue, began = Dialogue(tuple(answers)), _now()
    started = _start(command, arguments, passed_on, forget)
    if isinstance(started, str):
        return Transcript("not-started", problem=started)
    terminal, process = started
    try:
        ending = _watch(terminal, process, dialogue, answers, timeout, tick)
    finally:
        gone = _end(terminal, process, dialogue)
    dialogue.end()
    if ending != "exited" and not gone:
        ending = "not-ended"
    elif ending == "exited" and dialogue.asked_again:
        ending = "asked-again"
    # Below 0 it is the signal that ended the command.
    code = process.exit_code if ending == "exited" else None
    return Transcript(
        ending,
        before=tuple(dialogue.before),
        after=tuple(dialogue.after),
        sent=dialogue.sent,
        exit_code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        seconds=_now() - began,
    )


def _watch(
    terminal: int,
    process: "OProc",
    dialogue: Dialogue,
    answers: Mapping[str, Callable[[], bytes]],
    timeout: float,
    tick: Tick,
) -> Ending:
    """Take what PROCESS writes and give ANSWERS, until it ends, asks again or takes too long."""
    began = last = _now()
    awake = last_words = 0.0
    while True:
        alive, _ = process.is_alive()
        more = _read(terminal, dialogue)
        now = _now()
        if now - last <= _AWAKE_SECONDS:
            awake += now - last
        last = now
        question = dialogue.question(awake)
        if dialogue.asked_again:
            return "asked-again"
        if not alive:
            # Its output can still be on its way through a filter such as tee.
            last_words = last_words or awake + _LAST_WORDS_SECONDS
            if more is None or awake >= last_words:
                return "exited"
        elif awake > timeout:
            return "timeout"
        elif question and now - began > timeout:
            return "stood-still"
        elif question:
            answer = answers[question.prompt]()
            with suppress(OSError):  # it asked and ended
                os.write(terminal, answer + b"\r")
            dialogue.answer(question, answer)
            del answer  # it can be the password
        tick(awake)


def _end(terminal: int, process: "OProc", dialogue: Dialogue) -> bool:
    """End PROCESS and all it left in its session; tell whether everything could be killed."""
    if process.is_alive()[0]:
        _signal_session(process.sid, signal.SIGTERM)
        _wait_until(lambda: not process.is_alive()[0], _TERM_SECONDS)
    gone = _wait_until(lambda: not _signal_session(process.sid, signal.SIGKILL), _KILL_SECONDS)
    if not process.is_alive()[0]:
        process.wait()
    # A process that left the session could go on writing.
    _wait_until(lambda: not _read(terminal, dialogue), _LAST_WORDS_SECONDS)
    os.close(terminal)
    return gone


def _read(terminal: int, dialogue: Dialogue) -> bool | None:
    """Take what stands on the terminal now or soon; False if it is empty, None if all its writers are gone."""
    if not select.select([terminal], [], [], _POLL_SECONDS)[0]:
        return False
    try:
        dialogue.line.feed(os.read(terminal, _BLOCK))
    except OSError:  # what Linux says when the last process has closed the other side
        time.sleep(_POLL_SECONDS)
        return None
    return True


def _wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is DONE, SECONDS at most, and tell whether it is."""
    deadline = time.monotonic() + seconds
    while not (over := done()) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return over


def environment(names: tuple[str, ...]) -> dict[str, str]:
    """Make the environment of the command from scratch.

    Of onbox's own, only TZ, RSA_* and NAMES are passed on. Nothing in PSQLRC can change what psql prints.
    """
    name, home = account_name(os.getuid()), "/"
    with suppress(KeyError):
        home = pwd.getpwuid(os.getuid()).pw_dir
    return {
        **{key: value for key, value in os.environ.items() if _PASSED_ON.fullmatch(key) or key in names},
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": "/bin/sh",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "xterm",
        "LC_ALL": "C",
        "PSQLRC": "/dev/null",
    }


def _start(
    command: Path, arguments: tuple[str, ...], passed_on: tuple[str, ...], forget: Callable[[], None]
) -> "tuple[int, OProc] | str":
    """Start COMMAND on a new terminal, and give our side of it; or say why that is not possible.

    The terminal echoes nothing, even to a command that prints its prompt before it sees to that.
    """
    import sh  # noqa: PLC0415 - a tenth of a second that only a run needs

    # At INFO, sh logs all arguments.
    logging.getLogger("sh").setLevel(logging.CRITICAL + 1)
    # If the caller has it ignored, no child can be waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if not os.access(command, os.R_OK):
        return "it does not exist, or you may not read it, and neither may its interpreter"
    with ExitStack() as held:
        try:
            terminal, other_side = os.openpty()
            held.callback(os.close, terminal)
            termios.tcsetwinsize(other_side, (_ROWS, _COLUMNS))
            attributes = termios.tcgetattr(other_side)
            attributes[3] &= ~termios.ECHO
            termios.tcsetattr(other_side, termios.TCSANOW, attributes)
            with open(other_side, "r+b", buffering=0) as side:  # noqa: PTH123 - a descriptor, not a path
                process = sh.Command(str(command))(
                    *arguments,
                    _cwd=str(command.parent),
                    _env=environment(passed_on),
                    # Not a terminal made by sh: with that one it can't see a prompt unless it reads one byte at a time.
                    _in=side,
                    _out=side,
                    _err=side,
                    _new_session=True,
                    _preexec_fn=lambda: _join_terminal(forget),
                    _bg=True,
                    _bg_exc=False,
                ).process
        except sh.CommandNotFound:
            return "you may not execute it"
        except OSError as error:
            return _PROBLEMS.get(error.errno or 0, str(error.strerror))
        except sh.ForkException as error:
            # The text of the exception in the child is all that sh passes on.
            found = _ERRNO.search(str(error))
            number = int(found[1]) if found else -1
            return _PROBLEMS.get(number, os.strerror(number))
        except RuntimeError:
            # The command runs, but sh got no thread to look after it.
            leader = os.getsid(os.tcgetpgrp(terminal))
            _signal_session(leader, signal.SIGKILL)
            os.waitpid(leader, 0)
            return _PROBLEMS[errno.EAGAIN]
        held.pop_all()
        return terminal, process


def _join_terminal(forget: Callable[[], None]) -> None:
    """Take the terminal on standard input for the new session, in the child before it becomes rsautil.

    A process in between leads the session and ends as rsautil did: at the end of its leader the kernel hangs up on all
    in the foreground, for example on a `tee` that has the last words yet to write. If onbox is killed its terminal is
    gone; the kernel tells the leader, and on its end all in the foreground.
    """
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # the caller's may block the signal that ends both
    command = os.fork()
    if not command:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        # Python and sh ignore some, and the caller can have told us to ignore others.
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_DFL)
        return
    forget()
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Among them is the one by which sh learns whether rsautil was started.
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
