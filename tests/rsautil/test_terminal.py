"""Commands are run on a terminal of their own, answered once, and ended with all they started."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onbox.rsautil.terminal import Script, Transcript, converse, environment
from onbox.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROMPT = "Please enter OC Administrator password:"
NAME = "Please enter OC Administrator username:"
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
    script = Script(usual if answers is None else answers, lambda line: "ERROR" in line, secret.fingerprint().redact)
    return converse(command, arguments, script, environment=PATH, timeout=timeout, tick=tick)


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
    "plain read": f"#!/bin/bash\nread -rp '{PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "getpass": f"#!/usr/bin/env python3\nimport getpass\nprint('got', len(getpass.getpass('{PROMPT}')))",
    "no space": f"#!/bin/bash\nread -rsp '{PROMPT}' x; echo; echo \"got ${{#x}}\"",
    "no new line": f"#!/bin/bash\nread -rsp '{PROMPT} ' x; echo \"got ${{#x}}\"",
    "other case": f"#!/bin/bash\nread -rsp '{PROMPT.upper()} ' x; echo; echo \"got ${{#x}}\"",
    "noise before": f"#!/bin/bash\nread -rsp 'log4j:WARN {PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "late": f"#!/bin/bash\nsleep 0.3; read -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}}\"",
    "in pieces": (
        "#!/bin/bash\nfor part in Please ' enter OC' ' Administrator pass' word:; do\n"
        'printf "%s" "$part"; sleep 0.05; done\nread -rs x; echo; echo "got ${#x}"'
    ),
    "drops what came early": (
        "#!/usr/bin/env python3\nimport sys, termios, time\n"
        f"print('{PROMPT} ', end='', flush=True)\ntime.sleep(0.02)\n"
        "termios.tcsetattr(0, termios.TCSAFLUSH, termios.tcgetattr(0))\nprint('\\ngot', len(input()))"
    ),
    "name first": f"#!/bin/bash\nread -rp '{NAME} ' n; read -rsp '{PROMPT} ' x; echo; echo \"got ${{#x}} $n\"",
}  # fmt: skip


@pytest.mark.parametrize("how", ASKING)
def test_answers(command: Callable[[str], Path], how: str) -> None:
    """A prompt is answered however it is asked, and the answer can't be seen."""
    said = talk(command(ASKING[how]))

    assert ("exited", 0, None, False) == (said.ending, said.exit_code, said.signal, said.partial)
    assert ((NAME, PROMPT) if how == "name first" else (PROMPT,)) == said.answered
    assert f"got {len(PASSWORD)}{' ocadmin' if how == 'name first' else ''}" == said.lines[-1].strip()
    assert PASSWORD not in str(said)


def test_asked_again(command: Callable[[str], Path]) -> None:
    """A prompt that comes back is not answered again; the command is ended."""
    path = command(f"#!/bin/bash\nfor i in 1 2 3; do read -rsp '{PROMPT} ' x; echo \"no $i\"; done")

    said = talk(path)

    assert ("asked-again", (PROMPT,), None, None) == (said.ending, said.answered, said.exit_code, said.signal)
    assert (PROMPT, " no 1", PROMPT + " ") == said.lines


def test_asked_again_at_the_end(command: Callable[[str], Path]) -> None:
    """A command that asks again and ends at once was asking again all the same."""
    said = talk(command(f"#!/bin/bash\nread -rsp '{PROMPT} ' x; echo '{PROMPT}'"))

    assert "asked-again" == said.ending


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


def test_not_started(tmp_path: Path, command: Callable[[str], Path]) -> None:
    """What can't be started is named by the kind of problem."""
    missing, text, no_interpreter = tmp_path / "none", command("#!/bin/bash"), command("#!/no/such/program")
    said = [talk(missing), talk(no_interpreter)]
    text.chmod(0o644)
    said.append(talk(text))

    assert ["not-started"] * 3 == [each.ending for each in said]
    assert ["CommandNotFound", "ForkException", "CommandNotFound"] == [each.problem for each in said]


def test_place_and_arguments(command: Callable[[str], Path]) -> None:
    """A command runs in its own folder with these arguments, this environment and a session and terminal of its own."""
    path = command('#!/bin/sh\npwd; printf "<%s>" "$@"; echo; tty; ps -o pid=,pgid=,sid= -p $$; exec env')

    said = talk(path, "a b", "$c", "")

    folder, arguments, tty, ids, *variables = said.lines
    assert (str(path.parent), "<a b><$c><>") == (folder, arguments)
    assert tty.startswith("/dev/pts/")
    assert 1 == len(set(ids.split()))
    assert ids.split()[0] != str(os.getsid(0))
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
    """What a command leaves behind on the terminal is killed, and nobody waits for it."""
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


def test_last_words(command: Callable[[str], Path]) -> None:
    """All that was said before the end is read."""
    said = talk(command("#!/bin/bash\nfor ((i = 0; i < 90; i++)); do echo $i................................; done"))

    assert [str(number) for number in range(90)] == [line.rstrip(".") for line in said.lines]


def test_tick(command: Callable[[str], Path]) -> None:
    """While a command runs, its seconds are told."""
    seconds: list[float] = []

    said = talk(command("#!/bin/bash\nsleep 0.3"), tick=seconds.append)

    assert seconds == sorted(seconds)
    assert 3 <= len(seconds)
    assert 0 <= seconds[0] < seconds[-1] <= said.seconds


def test_tick_that_stops(tmp_path: Path, command: Callable[[str], Path]) -> None:
    """An error of whoever is told ends the command and goes on."""
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

    assert before == held()


def test_no_log_shows_the_password(command: Callable[[str], Path], caplog: pytest.LogCaptureFixture) -> None:
    """Even with Python's root logger at DEBUG, sh says nothing."""
    caplog.set_level(logging.DEBUG)

    said = talk(command(ASKING["bash"]), "argument")

    assert 0 == said.exit_code
    assert [] == [record.name for record in caplog.records if record.name.startswith("sh")]
    assert PASSWORD not in caplog.text


def test_echo_is_redacted(command: Callable[[str], Path]) -> None:
    """A password that is printed back is not kept, whatever it is made of."""
    path = command(f"#!/bin/bash\nread -rsp '{PROMPT}' x; printf '\\n<%s>\\n<\\e[31m%s\\e[0m>\\n' \"$x\" \"$x\"")
    for text in (PASSWORD, "p\udce4ss-\udcff", "päss-word"):
        secret = Secret(text)
        script = Script({PROMPT: secret.surrender}, lambda _: False, secret.fingerprint().redact)

        said = converse(path, (), script, environment=PATH, timeout=20, tick=lambda _: None)

        assert (PROMPT, "<<redacted>>", "<<redacted>>") == said.lines


def test_echo_is_off(command: Callable[[str], Path]) -> None:
    """The terminal does not echo even for a command that never switches it off."""
    said = talk(command(f"#!/bin/sh\nprintf '{PROMPT}'; sleep 0.2; read x; echo \"got ${{#x}}\""))

    assert (PROMPT, f"got {len(PASSWORD)}") == said.lines


ENVIRONMENT = {
    "TZ": "Europe/Berlin",
    "RSA_AM_HOME": "/opt/rsa/am",
    "LD_PRELOAD": "evil.so", "JAVA_TOOL_OPTIONS": "-javaagent:evil", "BASH_ENV": "evil", "PYTHONPATH": "evil",
    "PATH": "evil", "HOME": "evil", "IFS": "x", "LC_ALL": "de_DE", "TERM": "xterm", "PGHOST": "evil", "XRSA_A": "x",
    "rsa_x": "x", "RSA": "x", "SHELL": "evil", "USER": "evil",
}  # fmt: skip


def test_environment() -> None:
    """Of what the caller has set, only the time zone and the vendor's own variables are passed on."""
    given_to = environment(0, ENVIRONMENT)

    assert {
        "TZ": "Europe/Berlin",
        "RSA_AM_HOME": "/opt/rsa/am",
        "HOME": "/root",
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/sh",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "dumb",
        "LC_ALL": "C",
    } == given_to


def test_environment_without_account() -> None:
    """An account without a name has its number for a name and no home."""
    assert {"HOME": "/", "USER": "4000000", "LOGNAME": "4000000"}.items() <= environment(4000000, {}).items()


def test_terminal_is_joined() -> None:
    """The terminal becomes the controlling one of the new session, and its hang-up ends the command."""
    terminal, other_side = os.openpty()
    code = (
        "import os, signal; from onbox.rsautil import terminal; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "terminal._join_terminal(); os.open('/dev/tty', os.O_RDWR);"
        "print(os.tcgetpgrp(0) == os.getpid(), signal.getsignal(signal.SIGHUP) == signal.SIG_DFL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=other_side,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    os.close(other_side)
    os.close(terminal)

    assert "True True\n" == done.stdout
