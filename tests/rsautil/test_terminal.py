"""Commands are run on a terminal of their own, answered once, and ended with all they started."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from faults.watch import process_state, wait_until

from onbox.rsautil import terminal
from onbox.rsautil.terminal import converse, environment
from onbox.rsautil.verdict import ASKS_PASSWORD as PROMPT
from onbox.rsautil.verdict import ASKS_USERNAME as NAME
from onbox.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onbox.rsautil.dialogue import Transcript

PASSWORD = "Sentinel-$1!"
READ = f"read -rsp '{PROMPT} ' x"
FLUSHING = f"""#!/usr/bin/env python3
import termios, time
print('{PROMPT} ', end='', flush=True)
time.sleep(0.1)
termios.tcsetattr(0, termios.TCSAFLUSH, termios.tcgetattr(0))
print('\\ngot', len(input()))
"""
ASKING = f'{READ}; echo; echo "got ${{#x}}"'


@pytest.fixture
def command(tmp_path: Path) -> Callable[[str], Path]:
    """Return what makes a program of a text; without a first line it is one for bash."""

    def make(text: str) -> Path:
        path = tmp_path / "bin" / "command"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if text.startswith("#!") else f"#!/bin/bash\n{text}")
        path.chmod(0o755)
        return path

    return make


def talk(
    command: Path, *arguments: str, timeout: float = 20, tick: Callable[[float], None] = lambda _: None
) -> Transcript:
    """Run a command whose prompts get the usual answers."""
    secret = Secret(PASSWORD)
    answers = {NAME: b"ocadmin".strip, PROMPT: secret.reveal}
    return converse(command, arguments, answers, timeout, tick, secret.forget)


def lives(pid: int) -> bool:
    """Tell whether a process is there for more than the moment that dying takes."""
    with suppress(AssertionError):
        wait_until(lambda: process_state(pid) in ("", "Z"), 1)
    return process_state(pid) not in ("", "Z")


@pytest.mark.parametrize(
    "text",
    [
        ASKING,
        f'{READ}; echo "got ${{#x}}"',
        f"read -rp '{NAME} ' n; {ASKING}",
        f"exec > >(tee /dev/null) 2>&1\n{ASKING}",
        f"exec > >(while read -r line; do sleep 0.4; echo $line; done)\n{ASKING}",
        FLUSHING,
    ],
    ids=["usual", "no new line", "name first", "filter", "slow filter", "drops what came early"],
)
def test_answers(command: Callable[[str], Path], text: str) -> None:
    """A prompt is answered however it is asked, and the last words are heard."""
    said = talk(command(text))

    assert ("exited", 0, None, True) == (said.ending, said.exit_code, said.signal, said.sent)
    assert f"got {len(PASSWORD)}" == said.after[-1]
    assert "Sentinel" not in repr(said)


@pytest.mark.parametrize(
    ("text", "ending", "exit_code", "number"),
    [
        ("exit 137", "exited", 137, None),
        ("kill -SEGV $$", "exited", None, signal.SIGSEGV),
        (f"{READ}; echo 'no'; printf '{PROMPT}'", "asked-again", None, None),
        (f"{READ}; echo 'no'; {READ}", "asked-again", None, None),
    ],
)
def test_end(command: Callable[[str], Path], text: str, ending: str, exit_code: int | None, number: int | None) -> None:
    """Exit codes, signals and a last question are told apart."""
    said = talk(command(text))

    assert (ending, exit_code, number) == (said.ending, said.exit_code, said.signal)
    assert 0 < said.seconds < 20


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        ("", None, "does not exist"),
        ("echo", 0o755, "names no interpreter"),
        ("#!/no/such/program", 0o755, "interpreter in its first line does not exist"),
        ("#!/etc/passwd", 0o755, "Permission denied"),
        ("#!/bin/sh", 0o644, "may not execute"),
        ("#!/bin/sh", 0o100, "may not read"),
    ],
)
def test_not_started(command: Callable[[str], Path], text: str, mode: int | None, reason: str) -> None:
    """A command that can't be started is told from one that ended, with the reason."""
    path = command("#!")
    path.write_text(text)
    if mode is None:
        path.unlink()
    else:
        path.chmod(mode)

    said = talk(path)

    assert ("not-started", True) == (said.ending, reason in said.problem)


@contextmanager
def limited(limit: int, most: int) -> Iterator[None]:
    """Lower a limit of this process."""
    before = resource.getrlimit(limit)
    resource.setrlimit(limit, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(limit, before)


@pytest.mark.parametrize("more", [0, 3, 8, 10])
def test_few_files(command: Callable[[str], Path], more: int) -> None:
    """If too few files can be opened, nothing is started, and the limit is named."""
    path = command("exit 0")
    talk(path)  # every file that is opened once is open now
    top = os.open("/dev/null", os.O_RDONLY)
    os.close(top)

    with limited(resource.RLIMIT_NOFILE, top + more):
        said = talk(path)

    assert said.ending == "exited" or ("not-started", True) == (said.ending, "ulimit -n" in said.problem)
    assert "not-started" == said.ending or more > 8


@pytest.mark.skipif(not os.geteuid(), reason="no limit holds for root")
def test_few_processes(command: Callable[[str], Path]) -> None:
    """If no process can be made, nothing is started, and the limit is named."""
    with limited(resource.RLIMIT_NPROC, 1):
        said = talk(command(""))

    assert ("not-started", True) == (said.ending, "ulimit -u" in said.problem)


def test_few_threads(command: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was started while no thread could be is ended before it can ask anything."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    said = talk(command(f"echo $$ >{tmp_path}/pid; exec sleep 60"))

    assert ("not-started", True) == (said.ending, "ulimit -u" in said.problem)
    assert not (tmp_path / "pid").exists() or not lives(int((tmp_path / "pid").read_text() or "0"))


def test_unknown_reason(command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was not started for a reason that sh does not tell is not started all the same."""
    monkeypatch.setattr(terminal, "_join_terminal", lambda: "takes too many arguments")

    said = talk(command(""))

    assert ("not-started", "Unknown error -1") == (said.ending, said.problem)


def test_caller(command: Callable[[str], Path]) -> None:
    """A command ignores and blocks no signal that its caller ignores or blocks, and has the umask of the login.

    A blocked signal that ends the command is reported all the same.
    """
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGCHLD, signal.SIGINT)]
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    path = command("#!/usr/bin/awk /^(Umask|Sig(Ign|Blk))/{print$2}")
    umask = os.umask(0o277)
    try:
        said = talk(path, "/proc/self/status")
        killed = talk(command("kill -USR1 $$"))
    finally:
        os.umask(umask)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        for number, handler in before:
            signal.signal(number, handler)

    assert (0, ("0277", "0" * 16, "0" * 16)) == (said.exit_code, said.before)
    assert (None, signal.SIGUSR1) == (killed.exit_code, killed.signal)


def test_place_and_arguments(command: Callable[[str], Path]) -> None:
    """A command runs in its own folder with these arguments, an environment, a session and a terminal of its own."""
    path = command('pwd; printf "<%s>" "$@"; echo; tty; ps -o pid=,pgid=,sid= -p $$; exec env')

    said = talk(path, "a b", "$c", "")

    folder, arguments, tty, ids, *variables = said.before
    assert (str(path.parent), "<a b><$c><>") == (folder, arguments)
    assert tty.startswith("/dev/pts/")
    pid, group, session = ids.split()
    assert pid == group
    assert str(os.getsid(0)) != session
    assert environment(()).items() <= dict(line.split("=", 1) for line in variables).items()
    assert {"PWD", "OLDPWD", "_", "SHLVL"} >= {line.split("=")[0] for line in variables} - environment(()).keys()


def test_timeout(command: Callable[[str], Path]) -> None:
    """A command that takes too long is ended, with a chance to end itself."""
    said = talk(command("trap 'echo \"cleaning up\"; exit 5' TERM\necho started\nsleep 60 & wait"), timeout=0.5)

    assert ("timeout", None, None) == (said.ending, said.exit_code, said.signal)
    assert ("started", "cleaning up") == said.before
    assert 0.5 <= said.seconds < 20


@pytest.mark.parametrize("how", ["", "set -m; ", "setsid "])
def test_leftover(command: Callable[[str], Path], how: str) -> None:
    """A process that a command leaves is killed, unless it left the session, and not waited for in any case."""
    ignoring = "bash -c \"trap '' HUP TERM; echo here; sleep 60; :\" & echo $!"

    said = talk(command(f"{how}{ignoring}\nsleep 0.2; exit 3"))

    assert ("exited", 3, True) == (said.ending, said.exit_code, "here" in said.before)
    assert said.seconds < 20
    left = [int(line) for line in said.before if line.isdigit() and lives(int(line))]
    assert (how == "setsid ") == bool(left)
    for pid in left:
        os.killpg(pid, signal.SIGKILL)


def test_tick(command: Callable[[str], Path], tmp_path: Path) -> None:
    """While a command runs, its seconds are told; an exception in the callback ends the command and is raised."""
    pid, told = tmp_path / "pid", list[float]()

    def stop(seconds: float) -> None:
        told.append(seconds)
        if pid.exists() and pid.read_text().endswith("\n"):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        talk(command(f"sleep 0.3; echo $$ >{pid}; exec sleep 60"), tick=stop)

    assert not lives(int(pid.read_text()))
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] < 20


def held() -> tuple[int, int]:
    """Return how many files and threads this process has."""
    return len(list(Path("/proc/self/fd").iterdir())), len(list(Path("/proc/self/task").iterdir()))


def test_nothing_is_left(command: Callable[[str], Path], caplog: pytest.LogCaptureFixture) -> None:
    """Neither files nor threads are left, nor, with Python's root logger at DEBUG, a word of sh."""
    caplog.set_level(logging.DEBUG)
    path = command(ASKING)
    before = held()

    assert talk(path, "argument").sent

    deadline = time.monotonic() + 1  # a timer of sh that was cancelled takes a moment to end
    while (left := max(map(int.__sub__, held(), before))) > 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert left <= 0
    assert [] == [record.name for record in caplog.records if record.name.startswith("sh")]
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("sent", [False, True])
def test_stood_still(command: Callable[[str], Path], tmp_path: Path, sent: bool) -> None:
    """If onbox stood still past the limit of time, no prompt is answered; with the password sent, it does not count."""
    path = command(f"{READ}; touch {tmp_path}/asked; sleep 1.5; echo done")
    left = [1.3]

    def stand_still(_: float) -> None:
        if left and (not sent or (tmp_path / "asked").exists()):
            time.sleep(left.pop())

    said = talk(path, timeout=1.4 if sent else 1.1, tick=stand_still)

    assert ("exited" if sent else "stood-still", sent) == (said.ending, said.sent)


def test_that_cannot_be_killed(command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that can't be killed is not waited for, and said to go on."""
    monkeypatch.setattr(terminal, "_signal_session", lambda *_: 1)
    monkeypatch.setattr(terminal, "_TERM_SECONDS", 0.1)
    monkeypatch.setattr(terminal, "_KILL_SECONDS", 0.1)

    said = talk(command("echo $$; exec sleep 60"), timeout=0.5)

    assert ("not-ended", None, None) == (said.ending, said.exit_code, said.signal)
    assert said.seconds < 10
    os.kill(int(said.before[0]), signal.SIGKILL)


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the time zone, the vendor's variables and those named in the settings are passed on."""
    passed_on = {"TZ": "Europe/Berlin", "RSA_AM_HOME": "/opt/rsa/am", "AM_HOME": "/opt/rsa/am"}
    others = ["OTHER_HOME", "LD_PRELOAD", "JAVA_TOOL_OPTIONS", "BASH_ENV", "PATH", "HOME", "LC_ALL", "TERM", "PSQLRC"]
    others += ["XRSA_A", "rsa_x", "RSA", "SHELL", "USER"]
    monkeypatch.setattr(os, "environ", passed_on | dict.fromkeys(others, "evil"))
    monkeypatch.setattr(os, "getuid", lambda: 0)

    made = environment(("AM_HOME", "NOT_SET"))

    assert passed_on.items() <= made.items()
    assert ("/root", "xterm", "/dev/null") == (made["HOME"], made["TERM"], made["PSQLRC"])
    assert "evil" not in made.values()


# Runs the code between sh and the command where coverage can see it.
JOINING = """
import os, signal, sys
from onbox.rsautil import terminal
from onbox.secret import Secret
signal.signal(signal.SIGHUP, signal.SIG_IGN)
secret, starter, killed = Secret("x"), os.getpid(), []
os._exit = sys.exit
os.closerange = lambda *_: None
kill, os.kill = os.kill, lambda _, number: killed.append(number)
try:
    terminal._join_terminal(secret.forget)
    os.open("/dev/tty", os.O_RDWR)
    assert os.tcgetpgrp(0) == os.getpid() != os.getsid(0)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    {ends}
finally:
    if os.getpid() == starter:
        print(killed, not secret.reveal())
"""


@pytest.mark.parametrize(
    ("ends", "code", "shown"),
    [
        ("os.abort()", 250, "[6] True"),
        ("kill(os.getpid(), 9)", 247, "[9] True"),
        ("sys.exit(7)", 7, "[] True"),
    ],
)
def test_session(ends: str, code: int, shown: str) -> None:
    """The command has the terminal in the foreground; the leader of its session has no password and ends so."""
    ours, theirs = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", JOINING.format(ends=ends)],
        stdin=theirs,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)

    assert (code, shown) == (done.returncode & 255, done.stdout.splitlines()[-1])
