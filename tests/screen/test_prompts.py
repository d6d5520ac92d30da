"""Questions on a real terminal: nothing is shown but the answer to the visible question that stands."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import sys
import termios
import time
from typing import TYPE_CHECKING

import pexpect
import pytest
from faults.watch import process_state, wait_until
from rehearsal import CHECKOUT, SECONDS

from onbox.errors import OnboxError
from onbox.screen.prompts import Prompts

if TYPE_CHECKING:
    from pathlib import Path

PASTED = "\x1b[200~{}\x1b[201~"
QUIET = (False, False)  # neither echo nor lines made by the terminal


class Person:
    """Somebody at a terminal of 80x25, in front of tests/stage/ask.py."""

    def __init__(self, folder: Path, *kinds: str, shell: bool = False) -> None:
        """Have one question of each of the *kinds* asked, of a *shell* if one is wanted."""
        self._file = folder / "answers"
        self.command = [sys.executable, f"{CHECKOUT}/tests/stage/ask.py", str(self._file), *kinds]
        started = ["/bin/dash", "-i"] if shell else self.command
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PS1": "shell> "}
        self.child: pexpect.spawn[str] = pexpect.spawn(
            started[0], started[1:], env=environment, encoding="utf-8", timeout=SECONDS, dimensions=(25, 80)
        )
        self.child.delaybeforesend = None
        self.before = self.modes()
        self.child.logfile_read = self._screen = io.StringIO()

    def modes(self) -> tuple[bool, bool]:
        """Tell whether the terminal echoes, and whether it collects lines."""
        flags = termios.tcgetattr(self.child.child_fd)[3]
        return bool(flags & termios.ECHO), bool(flags & termios.ICANON)

    def end(self) -> list[str]:
        """Wait for the end, see that the terminal is as before, and return the answers."""
        self.child.expect_exact("end.")
        self.child.expect(pexpect.EOF)
        assert self.before == self.modes()
        self.child.close()
        answers: list[str] = json.loads(self._file.read_text())
        return answers

    @property
    def screen(self) -> str:
        """All that was shown, with what was erased."""
        return self._screen.getvalue()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("ocadmin\r", "ocadmin"),
        ("  ocadmin\u00a0\n", "ocadmin"),
        ("ocx\x7fadmin\r", "ocadmin"),
        ("\x7focx\badmin\r", "ocadmin"),
        ("wrong\x15right\r", "right"),
        ("one two \x17three\r", "one three"),
        ("o\x04k\r", "ok"),
        ("\u00e4\u6f22\u0301\x7f\x7f\x7f\x7fn\u00e4he \U0001f600\r", "n\u00e4he \U0001f600"),
        (PASTED.format("CHG-4711") + "\r", "CHG-4711"),
        (PASTED.format("CHG") + "-" + PASTED.format("4711") + "\r", "CHG-4711"),
        ("x" * 2050 + "\r", "x" * 2048),
        ("\r", ""),
        ("\x04", "not-answered"),
    ],
)
def test_visible_answer(typed: str, answer: str, tmp_path: Path) -> None:
    """The usual keys for corrections work, and what a terminal puts around a paste is no part of the answer."""
    person = Person(tmp_path, "visible")
    person.child.expect_exact("visible 1: ")
    assert QUIET == person.modes()
    person.child.send(typed)

    assert [answer] == person.end()
    assert "\x1b" not in person.screen


def test_echo(tmp_path: Path) -> None:
    """An answer to a visible question is shown as it is typed, and erased column by column."""
    person = Person(tmp_path, "visible")
    person.child.expect_exact("visible 1: ")
    for typed, shown in (
        ("o", "o"),
        ("\u6f22", "\u6f22"),
        ("\x7f", "\b\b  \b\b"),
        ("e\u0301", "e\u0301"),
        ("\x15", "\b\b  \b\b"),
        ("\x01", "\\x01"),
    ):
        person.child.send(typed)
        person.child.expect_exact(shown)
    os.write(person.child.child_fd, b"\xe4")  # an umlaut as a terminal sends it that does not speak UTF-8
    person.child.sendintr()

    assert ["interrupted"] == person.end()


@pytest.mark.parametrize("keys", ["\x1b[D", "\x1bOP", "\x1b[15~", "\x01", "\t", "\x1b", "\x1ba", "\0", "\u0085"])
def test_other_keys_are_no_answer(keys: str, tmp_path: Path) -> None:
    """The code of a key that means nothing here is not taken for text: the question is asked again."""
    person = Person(tmp_path, "visible")
    person.child.expect_exact("visible 1: ")
    person.child.send(f"oc{keys}admin\r")
    person.child.expect("control character.*visible 1: ")
    person.child.send("ocadmin\r")

    assert ["ocadmin"] == person.end()
    assert "\x1b" not in person.screen


@pytest.mark.parametrize("typed", ["Secret-4711 ", PASTED.format("Secret-4711"), "p\u00e4ss", "a\x03b", "x\x7fy"])
def test_secret_answer(typed: str, tmp_path: Path) -> None:
    """Nothing of a secret is shown, not even its length; it is given as typed, without the codes of a paste."""
    person = Person(tmp_path, "secret")
    person.child.expect_exact("secret 1: ")
    if "\x03" in typed:
        person.child.send(typed)
        assert ["interrupted"] == person.end()
        return
    person.child.send(typed + "\r")

    assert [{"x\x7fy": "y"}.get(typed, typed).replace("\x1b[200~", "").replace("\x1b[201~", "")] == person.end()
    assert "secret 1: \r\nend." in person.screen


def test_typed_while_the_screen_stands_still(tmp_path: Path) -> None:
    """After ^S a question is not on the screen, so what is typed until ^Q does not answer it."""
    person = Person(tmp_path, "visible")
    person.child.expect_exact("busy 1.")
    person.child.send("\x13Sentinel-1!\r")
    time.sleep(1)
    person.child.send("Sentinel-1!\r\x11")
    person.child.expect_exact("visible 1: ")
    person.child.send("seen\r")

    assert ["seen"] == person.end()
    assert "Sentinel" not in person.screen


@pytest.mark.parametrize("kind", ["visible", "secret"])
@pytest.mark.parametrize("resume", [["fg"], ["bg", "fg"]])
def test_suspended(kind: str, resume: list[str], tmp_path: Path) -> None:
    """^Z gives the terminal to the shell as it was; `fg`, also after `bg`, asks again, for the whole of a secret."""
    person, begun = Person(tmp_path, kind, shell=True), "begun " if kind == "visible" else ""
    shell = person.child
    shell.expect_exact("shell> ")
    shell.sendline(shlex.join(person.command))
    shell.expect_exact(f"{kind} 1: ")
    shell.send("begun ")
    if kind == "visible":
        shell.expect_exact("begun ")
    else:
        time.sleep(0.2)
    shell.sendcontrol("z")
    shell.expect_exact("shell> ")
    assert person.before == person.modes()
    for command in resume:
        shell.sendline(command)
        if command == "bg":
            shell.expect_exact("shell> ")
            wait_until(lambda: process_state(int((tmp_path / "pid").read_text())) == "T")
        else:
            shell.expect_exact(f"{kind} 1: {begun}")
    wait_until(lambda: QUIET == person.modes())
    shell.send("Sentinel\r")
    shell.expect_exact("end.")
    shell.expect_exact("shell> ")
    assert person.before == person.modes()
    shell.sendline("exit")
    shell.expect(pexpect.EOF)

    assert [f"{begun}Sentinel"] == json.loads((tmp_path / "answers").read_text())
    assert (kind == "visible") == ("Sentinel" in person.screen)


def test_asked_in_the_background(tmp_path: Path) -> None:
    """A question that comes up in the background waits there, stopped, for `fg`, and leaves the shell's modes alone."""
    person = Person(tmp_path, "visible", shell=True)
    shell = person.child
    shell.expect_exact("shell> ")
    shell.sendline(shlex.join(person.command))
    shell.expect_exact("busy 1.")
    shell.sendcontrol("z")
    shell.expect_exact("shell> ")
    shell.sendline("bg")
    shell.expect_exact("shell> ")
    wait_until(lambda: process_state(int((tmp_path / "pid").read_text())) == "T")
    assert person.before == person.modes()
    assert "visible 1: " not in person.screen
    shell.sendline("fg")
    shell.expect_exact("visible 1: ")
    shell.send("answer\r")
    shell.expect_exact("end.")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)

    assert ["answer"] == json.loads((tmp_path / "answers").read_text())


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN])
def test_stopped_and_continued(number: signal.Signals, tmp_path: Path) -> None:
    """After any stop of the process, echo is off again before it reads on; outside a shell ^Z stops nothing."""
    person = Person(tmp_path, "secret")
    person.child.expect_exact("secret 1: ")
    pid = person.child.pid or 0
    os.kill(pid, number)
    if number == signal.SIGSTOP:
        wait_until(lambda: process_state(pid) == "T")
    modes = termios.tcgetattr(person.child.child_fd)
    modes[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(person.child.child_fd, termios.TCSANOW, modes)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: QUIET == person.modes())
    person.child.send("Sentinel\r")

    assert ["Sentinel"] == person.end()
    assert "Sentinel" not in person.screen


@pytest.mark.parametrize("terminal", ["/dev/null", "/nowhere"])
def test_no_terminal(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is asked."""
    monkeypatch.setattr("onbox.screen.prompts._TERMINAL", terminal)
    with Prompts() as prompts, pytest.raises(OnboxError) as caught:
        prompts.ask("question: ", str)

    assert "not-answered" == caught.value.code
