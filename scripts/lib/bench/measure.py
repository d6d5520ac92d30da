"""Runs commands and measures them: whole processes, in turns, so that what disturbs one disturbs all alike."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PATIENCE = 600  # seconds that a command may be silent
NO_MORE: Mapping[str, str] = MappingProxyType({})
Answers = list[tuple[bytes, bytes]]

# What the installed command does, and the same with the most memory that its process held, in KiB, left in a file.
ONBOX = "from onbox.cli import main; main()"
ONBOX_PEAK = """
import atexit, os, pathlib
def note():
    peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    pathlib.Path(os.environ["PEAK"]).write_text(peak[0])
atexit.register(note)
from onbox.cli import main
main()
"""


class FailedError(Exception):
    """A command did not end as it should, so its time says nothing."""


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs *code* on this interpreter, with its modules compiled and cached as usual."""
    return [sys.executable, "-c", code, *arguments]


def run(command: list[str], *, expected: int = 0, environment: Mapping[str, str] = NO_MORE) -> bytes:
    """Run *command* without a terminal and return what it writes to standard output."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode != expected:
        raise FailedError(f"exit code {done.returncode}: {command}\n{done.stdout[-2000:]!r}\n{done.stderr[-2000:]!r}")
    return done.stdout


def run_on_terminal(
    command: list[str],
    answers: Answers,
    *,
    expected: int = 0,
    folder: Path | None = None,
    environment: Mapping[str, str] = NO_MORE,
) -> bytes:
    """Run *command* on a terminal of its own, answer each prompt as soon as it stands there, and return the screen."""
    process, terminal = pty.fork()
    if not process:
        termios.tcsetwinsize(0, (25, 80))
        if folder:
            os.chdir(folder)
        os.execvpe(command[0], command, {**os.environ, **environment})
    screen, left = bytearray(), list(answers)
    while chunk := _read(terminal):
        screen += chunk
        if left and re.search(left[0][0] + rb"\s*\Z", screen[-200:]):
            os.write(terminal, left.pop(0)[1] + b"\n")
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code != expected or left:
        raise FailedError(f"exit code {code}, unanswered {left}: {command}\n{screen[-3000:].decode(errors='replace')}")
    return bytes(screen)


def _read(terminal: int) -> bytes:
    if not select.select([terminal], [], [], PATIENCE)[0]:
        raise FailedError(f"silent for {PATIENCE} s")
    try:
        return os.read(terminal, 65536)
    except OSError:  # what Linux says when the other side of a terminal is closed
        return b""


def in_turns(times: int, tasks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Do the *tasks* one after the other, *times* times over, and return the least seconds that each took.

    Whatever else the machine does makes a run longer, never shorter, so the shortest says most about the program.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(times):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - started)
    return {name: min(each) for name, each in seconds.items()}
