"""Measure onbox beside yardsticks: whole processes on a terminal, in alternating pairs, by their medians.

python scripts/lib/bench.py FOLDER    works in FOLDER and prints a table; exit code 1 if a goal is missed
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pexpect
from rehearsal import ANSWERS, SECONDS, make

from onbox.rsautil.dialogue import REST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS = 11
RESTS = 3 * REST_SECONDS  # onbox waits before each of its three answers to rsautil
PEAK_MIB = 45

TYPER = '''
import typer
app = typer.Typer()
@app.callback(invoke_without_command=True)
def common(version: bool = typer.Option(False, "--version")) -> None:
    if version:
        typer.echo("yardstick 1")
@app.command()
def one() -> None:
    """Do one thing."""
@app.command()
def other() -> None:
    """Do another thing."""
app()
'''
# The same two calls of rsautil, on a terminal that sh makes; nothing is checked, and nothing is written to the disk.
RESYNC = """
import os, sys
import sh, structlog, typer
KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"
log = structlog.wrap_logger(structlog.PrintLogger(), processors=[structlog.processors.TimeStamper(fmt="iso"),
                                                                structlog.processors.JSONRenderer()])
app = typer.Typer()
def call(rsautil: str, arguments: list[str], answers: dict[str, str]) -> str:
    shown = ""
    def interact(char: str, stdin: object) -> None:
        nonlocal shown
        shown += char
        for prompt in list(answers):
            if shown.endswith(prompt):
                stdin.put(answers.pop(prompt) + "\\n")
    sh.Command(rsautil)(*arguments, _cwd=os.path.dirname(rsautil), _out=interact, _out_bufsize=0, _tty_in=True,
                        _unify_ttys=True, _timeout=300)
    return shown
@app.command()
def resync(rsautil: str) -> None:
    admin = typer.prompt("Operations Console administrator")
    password = typer.prompt(f"Password of Operations Console administrator {admin}", hide_input=True)
    said = call(rsautil, ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"],
                {"username:": admin, "password:": password})
    if "com.rsa.db.dba.password: " not in said:
        raise typer.Exit(4)
    log.info("admin.verified", admin=admin)
    reason = typer.prompt("Reason [1-5]")
    if typer.prompt("Type the host name to go ahead") != os.uname().nodename:
        raise typer.Exit(3)
    log.info("resync.attempt", admin=admin, reason=reason)
    said = call(rsautil, ["store", "-o", admin, "-a", "update_config", KEY, "0", "GLOBAL"], {"password:": password})
    done = "(1 row)" in said and "NOTICE" in said
    log.info("resync.result", outcome="success" if done else "unknown")
    raise typer.Exit(0 if done else 6)
app()
"""


def run(command: list[str]) -> tuple[float]:
    """Return the seconds that *command* takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began,)


def whole(command: list[str]) -> tuple[float, float, float]:
    """Return the seconds to the first prompt and in all of a resynchronisation, and the peak of its memory in MiB."""
    began, first = time.perf_counter(), 0.0
    child = pexpect.spawn(command[0], command[1:], timeout=SECONDS, dimensions=(25, 80))
    child.delaybeforesend = None
    for prompt, answer in ANSWERS.items():
        child.expect(f"{prompt}$")
        first = first or time.perf_counter() - began
        child.sendline(answer)
    child.expect(pexpect.EOF)
    _, status, usage = os.wait3(0)
    if status:
        raise SystemExit(f"wait status {status}: {command}\n{child.before}")
    return first, time.perf_counter() - began, usage.ru_maxrss / 1024


def medians(measure: Callable[[list[str]], tuple[float, ...]], *commands: list[str]) -> list[list[float]]:
    """Return the medians of what *measure* gives for each of *commands*, in turns; a first turn fills the caches."""
    turns = [[measure(command) for command in commands] for _ in range(PAIRS + 1)]
    return [[median(values) for values in zip(*column, strict=True)] for column in zip(*turns[1:], strict=True)]


def row(name: str, ours: float, theirs: float, most: float) -> bool:
    """Print a row in milliseconds, and return whether the goal is kept."""
    print(f"{name:<34}{ours * 1000:>9.0f}{theirs * 1000:>11.0f}{ours / theirs:>8.2f}{most:>7.2f}")
    return ours / theirs <= most


def main(folder: Path) -> bool:
    """Measure in *folder*, print the table, and return whether every goal is kept."""
    machine = make(folder / "appliance")
    onbox, yardstick = [sys.executable, "-m", "onbox"], [sys.executable, "-c"]
    print(f"{f'medians of {PAIRS} pairs, in ms':<34}{'onbox':>9}{'yardstick':>11}{'ratio':>8}{'goal':>7}")
    kept = []
    for option in ("--version", "--help"):
        ours, theirs = medians(run, [*onbox, option], [*yardstick, TYPER, option])
        kept.append(row(f"onbox {option}", ours[0], theirs[0], 1.15))
    config = ["--config", str(machine.config), "resync"]
    ours, theirs = medians(whole, [*onbox, *config], [*yardstick, RESYNC, str(machine.rsautil)])
    kept.append(row("first prompt of a resync", ours[0], theirs[0], 1.0))
    kept.append(row("whole resync less the rests", ours[1] - RESTS, theirs[1], 1.25))
    print(f"{'peak memory of a resync, in MiB':<34}{ours[2]:>9.0f}{'':>19}{PEAK_MIB:>7}")
    return all(kept) and ours[2] <= PEAK_MIB


if __name__ == "__main__":
    sys.exit(not main(Path(sys.argv[1])))
