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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onbox.rsautil import terminal
from onbox.rsautil.commands import environment
from onbox.rsautil.terminal import Clock, converse
from onbox.rsautil.verdict import ASKS_PASSWORD as PROMPT
from onbox.rsautil.verdict import ASKS_USERNAME as NAME
from onbox.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onbox.rsautil.dialogue import Transcript

PASSWORD = "Sentinel-$1!"
PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def command(tmp_path: Path) -> Callable[[str], Path]:
    """Return what makes a program of a text."""

    def make(text: str) -> Path:
        path = tmp_path / "bin" / "command"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    return make


def talk(
    command: Path,
    *arguments: str,
    answers: Mapping[str, Callable[[], bytes]] | None = None,
    timeout: float = 20,
    tick: Callable[[float], None] = lambda _: None,
) -> Transcript:
    """Run a command whose prompts get the usual answers."""
    secret = Secret(PASSWORD)
    usual = {NAME: b"ocadmin".strip, PROMPT: secret.reveal}
    given = usual if answers is None else answers
    return converse(command, arguments, given, environment=PATH, timeout=timeout, tick=tick, secret=secret)


def lives(pid: int) -> bool:
    """Tell whether a process is there for more than the moment that dying takes."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.01)
    return True


ASKING = {
    "bash": f"#!/bin/bash\nread -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "no new line": f"#!/bin/bash\nread -rsp '{PROMPT} ' x; echo \"got ${{#x}}\"",
    "getpass": f"#!/usr/bin/env python3\nimport getpass\nprint('got', len(getpass.getpass('{PROMPT}')))",
    "/dev/tty": f"#!/bin/bash\nread -rsp '{PROMPT} ' x </dev/tty; echo \"got ${{#x}}\"",
    "trace": f"#!/bin/bash\nset -x\nread -rsp '{PROMPT} ' x; set +x; echo; echo \"got ${{#x}}\"",
    "in pieces": (
        "#!/bin/bash\nfor part in Please ' enter OC' ' Administrator pass' word:; do\n"
        'printf "%s" "$part"; sleep 0.05; done\nread -rs x; echo; echo "got ${#x}"'
    ),
    "drops what came early": (
        "#!/usr/bin/env python3\nimport termios, time\n"
        f"print('{PROMPT} ', end='', flush=True)\ntime.sleep(0.1)\n"
        "termios.tcsetattr(0, termios.TCSAFLUSH, termios.tcgetattr(0))\nprint('\\ngot', len(input()))"
    ),
    "name first": f"#!/bin/bash\nread -rp '{NAME} ' n; read -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "filter": f"#!/bin/bash\nexec > >(tee /dev/null) 2>&1\nread -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "slow filter": (
        "#!/bin/bash\nexec > >(while read -r line; do sleep 0.4; echo $line; done)\n"
        f"read -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}}\""
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", ASKING)
def test_answers(command: Callable[[str], Path], how: str) -> None:
    """A prompt is answered however it is asked, and the last words are heard."""
    said = talk(command(ASKING[how]))

    assert ("exited", 0, None, False) == (said.ending, said.exit_code, said.signal, said.partial)
    assert ((NAME, PROMPT) if how == "name first" else (PROMPT,)) == said.answered
    assert f"got {len(PASSWORD)}" == said.after[-1]
    assert "Sentinel" not in repr(said)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        (f"read -rsp '{PROMPT} ' x; read -rsp '{PROMPT} ' x", "asked-again"),
        (f"read -rsp '{PROMPT} ' x; echo 'no'; printf '{PROMPT}'", "asked-again"),
        (f"read -rsp '{PROMPT} ' x; echo; read -p 'Are you sure (Y/N): ' y", "timeout"),
        (f"echo \"Answer '{PROMPT}' with yours: \"; read -r x", "timeout"),
    ],
)
def test_questions(command: Callable[[str], Path], text: str, ending: str) -> None:
    """A prompt that comes back and any other question are not answered."""
    said = talk(command(f"#!/bin/bash\n{text}"), timeout=1.5)

    assert (ending, None, None) == (said.ending, said.exit_code, said.signal)
    assert len(said.answered) == text.startswith("read")


@pytest.mark.parametrize(("shell", "exit_code", "number"), [
    ("exit 0", 0, None), ("exit 1", 1, None), ("exit 255", 255, None), ("exit 137", 137, None),
    ("kill -9 $$", None, signal.SIGKILL), ("kill -TERM $$", None, signal.SIGTERM),
    ("kill -SEGV $$", None, signal.SIGSEGV),
])  # fmt: skip
def test_end(command: Callable[[str], Path], shell: str, exit_code: int | None, number: int | None) -> None:
    """Exit codes and signals are told apart."""
    said = talk(command(f"#!/bin/bash\n{shell}"))

    assert ("exited", exit_code, number) == (said.ending, said.exit_code, said.signal)
    assert 0 < said.seconds < 20


@pytest.mark.parametrize(
    ("text", "mode", "reason"),
    [
        (None, 0, "does not exist"),
        ("echo", 0o755, "names no interpreter"),
        ("", 0o755, "names no interpreter"),
        ("\0\1\2", 0o755, "names no interpreter"),
        ("#!/no/such/program", 0o755, "interpreter in its first line does not exist"),
        ("#!/bin/sh\r\n", 0o755, "interpreter in its first line does not exist"),
        ("#!/etc/passwd", 0o755, "Permission denied"),
        ("#!/bin/sh", 0o644, "may not execute"),
        ("#!/bin/sh", 0o100, "may not read"),
    ],
)
def test_not_started(command: Callable[[str], Path], text: str | None, mode: int, reason: str) -> None:
    """A command that can't be started is told from one that ended, with the reason."""
    path = command(text or "")
    path.chmod(mode)
    if text is None:
        path.unlink()

    said = talk(path)

    assert "not-started" == said.ending
    assert reason in said.problem


@pytest.fixture
def few() -> Iterator[Callable[[int, int], None]]:
    """Return what lowers a limit of this process until the test ends."""
    before: dict[int, tuple[int, int]] = {}

    def lower(limit: int, most: int) -> None:
        before[limit] = resource.getrlimit(limit)
        resource.setrlimit(limit, (most, before[limit][1]))

    yield lower
    for limit, most in before.items():
        resource.setrlimit(limit, most)


@pytest.mark.parametrize("more", [0, 3, 8, 9, 10])
def test_few_files(command: Callable[[str], Path], few: Callable[[int, int], None], more: int) -> None:
    """If too few files can be opened, nothing is started, and the limit is named."""
    path = command("#!/bin/sh\nexit 0")
    talk(path)  # every file that is opened once is open now
    top = os.open("/dev/null", os.O_RDONLY)
    os.close(top)
    few(resource.RLIMIT_NOFILE, top + more)

    said = talk(path)

    assert said.ending == "exited" or ("not-started", True) == (said.ending, "ulimit -n" in said.problem)
    assert "not-started" == said.ending or more > 8


def test_few_processes(command: Callable[[str], Path], few: Callable[[int, int], None]) -> None:
    """If no process can be made, nothing is started, and the limit is named."""
    if not os.geteuid():
        pytest.skip("no limit holds for root")
    few(resource.RLIMIT_NPROC, 1)

    said = talk(command("#!/bin/sh"))

    assert ("not-started", True) == (said.ending, "ulimit -u" in said.problem)


def test_few_threads(command: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was started while no thread could be is ended before it can ask anything."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    said = talk(command(f"#!/bin/sh\necho $$ >{tmp_path}/pid; exec sleep 60"))

    assert ("not-started", True) == (said.ending, "ulimit -u" in said.problem)
    assert not (tmp_path / "pid").exists() or not lives(int((tmp_path / "pid").read_text() or "0"))


def test_unknown_reason(command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was not started for a reason that nobody can read is not started all the same."""
    monkeypatch.setattr(terminal, "_join_terminal", lambda: "takes too many arguments")

    said = talk(command("#!/bin/sh"))

    assert ("not-started", "unknown error") == (said.ending, said.problem)


def test_child_signal_ignored(command: Callable[[str], Path]) -> None:
    """A caller that has SIGCHLD ignored does not keep the exit code from being known."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        said = talk(command("#!/bin/sh\nexit 7"))
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert ("exited", 7) == (said.ending, said.exit_code)


def test_umask(command: Callable[[str], Path]) -> None:
    """A command has the umask of the login."""
    path = command("#!/bin/sh\numask")
    before = os.umask(0o277)
    try:
        said = talk(path)
    finally:
        os.umask(before)

    assert "0277" == said.lines[-1]


def test_signals(command: Callable[[str], Path]) -> None:
    """A command ignores and blocks no signal that its caller ignores or blocks."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        said = talk(command("#!/usr/bin/awk /^Sig(Ign|Blk)/{print$2}"), "/proc/self/status")
    finally:
        signal.signal(signal.SIGINT, before)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})

    assert ["0" * 16] * 2 == [*said.lines]


def test_place_and_arguments(command: Callable[[str], Path]) -> None:
    """A command runs in its own folder with these arguments, this environment and a session and terminal of its own."""
    path = command('#!/bin/sh\npwd; printf "<%s>" "$@"; echo; tty; ps -o pid=,pgid=,sid= -p $$; exec env')

    said = talk(path, "a b", "$c", "")

    folder, arguments, tty, ids, *variables = said.lines
    assert (str(path.parent), "<a b><$c><>") == (folder, arguments)
    assert tty.startswith("/dev/pts/")
    pid, group, session = ids.split()
    assert pid == group
    assert str(os.getsid(0)) != session
    assert PATH.items() <= dict(line.split("=", 1) for line in variables).items()
    names = {line.split("=")[0] for line in variables}
    assert {"PATH", "PWD", "OLDPWD", "_", "SHLVL"} >= {name for name in names if not name.startswith("COVERAGE_")}


def test_timeout(command: Callable[[str], Path]) -> None:
    """A command that takes too long is ended, with a chance to end itself."""
    said = talk(
        command("#!/bin/bash\ntrap 'echo \"cleaning up\"; exit 5' TERM\necho started\nsleep 60 & wait"), timeout=0.5
    )

    assert ("timeout", None, None) == (said.ending, said.exit_code, said.signal)
    assert ("started", "cleaning up") == said.lines
    assert 0.5 <= said.seconds < 20


def test_stubborn(command: Callable[[str], Path]) -> None:
    """A command that doesn't listen, and what it started in process groups of their own, are killed."""
    text = "#!/bin/bash\ntrap '' TERM HUP INT\nset -m\n(trap '' TERM; sleep 60; :) & echo $!\nsleep 61 & echo $!\nwait"

    said = talk(command(text), timeout=0.5)

    assert "timeout" == said.ending
    assert 3 <= said.seconds < 30
    pids = [int(line) for line in said.lines]
    assert (2, []) == (len(pids), [pid for pid in pids if lives(pid)])


@pytest.mark.parametrize("job_control", ["", "set -m; "])
def test_leftover(command: Callable[[str], Path], job_control: str) -> None:
    """A process that a command leaves on the terminal is killed, and not waited for."""
    text = f"#!/bin/bash\n{job_control}(trap '' HUP TERM; echo here; sleep 60; :) & echo $!\nsleep 0.2; exit 3"

    said = talk(command(text))

    assert ("exited", 3, True) == (said.ending, said.exit_code, "here" in said.lines)
    assert [] == [line for line in said.lines if line.isdigit() and lives(int(line))]
    assert said.seconds < 20


def test_runaway(command: Callable[[str], Path]) -> None:
    """One that left the session is out of reach, but nobody waits for it for long."""
    said = talk(command("#!/bin/bash\nsetsid sleep 60 & echo $!\nsleep 0.2\nexit 0"))

    pid = int(said.lines[0])
    assert ("exited", 0, True) == (said.ending, said.exit_code, lives(pid))
    assert said.seconds < 20
    os.kill(pid, signal.SIGKILL)


def test_tick(command: Callable[[str], Path]) -> None:
    """While a command runs, its seconds are told."""
    seconds: list[float] = []

    said = talk(command("#!/bin/bash\nsleep 0.3"), tick=seconds.append)

    assert seconds == sorted(seconds)
    assert 3 <= len(seconds)
    assert 0 <= seconds[0] < seconds[-1] <= said.seconds


def test_tick_that_stops(tmp_path: Path, command: Callable[[str], Path]) -> None:
    """An exception in the callback ends the command and is raised."""
    path = command(f"#!/bin/bash\necho $$ > {tmp_path}/pid; exec sleep 60")

    def stop(_: float) -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        talk(path, tick=stop)

    assert not lives(int((tmp_path / "pid").read_text()))


def test_answer_that_fails(command: Callable[[str], Path]) -> None:
    """An answer that can't be given ends the command, and its error is not swallowed."""
    path = command(ASKING["bash"])
    started = time.monotonic()

    with pytest.raises(ZeroDivisionError):
        talk(path, answers={PROMPT: lambda: bytes(1 // 0)})

    assert time.monotonic() - started < 10


def held() -> tuple[int, int]:
    """Return how many files and threads this process has."""
    return len(list(Path("/proc/self/fd").iterdir())), len(list(Path("/proc/self/task").iterdir()))


def test_nothing_stays_open(command: Callable[[str], Path]) -> None:
    """Neither files nor threads are left."""
    path = command(ASKING["bash"])
    before = held()

    talk(path)

    for _ in range(100):  # a timer of sh that was cancelled takes a moment to end
        if before == held():
            return
        time.sleep(0.01)
    assert before == held()


def test_no_log_shows_the_password(command: Callable[[str], Path], caplog: pytest.LogCaptureFixture) -> None:
    """Even with Python's root logger at DEBUG, sh says nothing."""
    caplog.set_level(logging.DEBUG)

    said = talk(command(ASKING["bash"]), "argument")

    assert 0 == said.exit_code
    assert [] == [record.name for record in caplog.records if record.name.startswith("sh")]
    assert PASSWORD not in caplog.text


def stand_still(seconds: float, when: Callable[[], bool]) -> Callable[[float], None]:
    """Return a tick that keeps this process from going on for a while, once."""
    left = [seconds]

    def tick(_: float) -> None:
        if left and when():
            time.sleep(left.pop())

    return tick


def test_stood_still_before(command: Callable[[str], Path]) -> None:
    """If onbox stood still past the limit of time, the prompt is not answered, and the command is ended."""
    said = talk(command(ASKING["bash"]), timeout=1.1, tick=stand_still(1.3, lambda: True))

    assert ("stood-still", ()) == (said.ending, said.answered)


def test_stood_still_after(command: Callable[[str], Path], tmp_path: Path) -> None:
    """Time in which onbox stood still with the password sent does not count."""
    path = command(f"#!/bin/bash\nread -rsp '{PROMPT} ' x; touch {tmp_path}/asked; sleep 1.5; echo done")

    said = talk(path, timeout=1.4, tick=stand_still(1.3, (tmp_path / "asked").exists))

    assert ("exited", "done") == (said.ending, said.after[-1])


def test_clock() -> None:
    """A gap of more than a second is time that passed, and in which onbox was not awake."""
    times = iter([100.0, 100.5, 101.5, 110.0, 110.25])
    clock = Clock(lambda: next(times))
    for _ in range(4):
        clock.tick()

    assert (1.75, 10.25) == (clock.awake, clock.passed)


def test_that_cannot_be_killed(command: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that can't be killed is not waited for, and said to go on."""
    path = command("#!/bin/bash\necho $$; exec sleep 60")
    monkeypatch.setattr(terminal, "_signal_session", lambda *_: 1)
    monkeypatch.setattr(terminal, "_TERM_SECONDS", 0.1)
    monkeypatch.setattr(terminal, "_KILL_SECONDS", 0.1)

    said = talk(path, timeout=0.5)

    assert ("not-ended", None, None) == (said.ending, said.exit_code, said.signal)
    assert said.seconds < 10
    os.kill(int(said.lines[0]), signal.SIGKILL)


ENVIRONMENT = {
    "TZ": "Europe/Berlin",
    "RSA_AM_HOME": "/opt/rsa/am",
    "AM_HOME": "/opt/rsa/am",
    "OTHER_HOME": "evil", "LD_PRELOAD": "evil.so", "JAVA_TOOL_OPTIONS": "-javaagent:evil", "BASH_ENV": "evil",
    "PATH": "evil", "HOME": "evil", "LC_ALL": "de_DE", "TERM": "linux", "PSQLRC": "evil", "XRSA_A": "x", "rsa_x": "x",
    "RSA": "x", "SHELL": "evil", "USER": "evil",
}  # fmt: skip


def test_environment() -> None:
    """Only the time zone, the vendor's variables and those named in the settings are passed on."""
    assert {
        "TZ": "Europe/Berlin",
        "RSA_AM_HOME": "/opt/rsa/am",
        "AM_HOME": "/opt/rsa/am",
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/sh",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "xterm",
        "LC_ALL": "C",
        "PSQLRC": "/dev/null",
    } == environment(0, ENVIRONMENT, ("AM_HOME", "NOT_SET"))


def test_environment_without_account() -> None:
    """An account without a name has its number for a name and no home."""
    assert {"HOME": "/", "USER": "4000000", "LOGNAME": "4000000"}.items() <= environment(4000000, {}).items()


# Runs the code between sh and the command where coverage can see it.
LEADER = """
import os, signal, sys
from onbox.rsautil import terminal
from onbox.secret import Secret
secret = Secret("x") if {secret} else None
os._exit = sys.exit
os.closerange = lambda *_: None
kill, killed = os.kill, []
os.kill = lambda _, number: killed.append(number)
command = os.fork()
if not command:
    {ends}
try:
    terminal._lead_session(command, secret)
finally:
    print(killed, secret is None or len(secret))
"""


@pytest.mark.parametrize(
    ("secret", "ends", "code", "shown"),
    [
        (True, "os.abort()", 250, "[6] 0"),
        (True, "kill(os.getpid(), 9)", 247, "[9] 0"),
        (False, "sys.exit(7)", 7, "[] True"),
    ],
)
def test_leader(secret: bool, ends: str, code: int, shown: str) -> None:
    """Who leads the session forgets the password, and ends as the command did."""
    ours, theirs = os.openpty()
    script = LEADER.format(secret=secret, ends=ends)
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdin=theirs,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)

    assert (code, shown) == (done.returncode & 255, done.stdout.splitlines()[-1])


def test_terminal_is_joined() -> None:
    """The command has the terminal in the foreground of a session that it does not lead."""
    ours, theirs = os.openpty()
    script = (
        "import os, signal, sys; from onbox.rsautil import terminal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os._exit = sys.exit; os.closerange = lambda *_: None;"
        "terminal._join_terminal(None); os.open('/dev/tty', os.O_RDWR);"
        "print(os.tcgetpgrp(0) == os.getpid() != os.getsid(0), signal.getsignal(signal.SIGHUP) == signal.SIG_DFL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdin=theirs,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    os.close(theirs)
    os.close(ours)

    assert "True True\n" == done.stdout
