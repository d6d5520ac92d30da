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
from contextlib import closing
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


class Person:
    """Somebody at a terminal of 80x25, in front of tests/stage/ask.py, which asks one question."""

    def __init__(self, folder: Path, kind: str = "visible", *, shell: bool = False) -> None:
        """Have a question of this *kind* asked, of a *shell* if one is wanted."""
        self._folder = folder
        command = [sys.executable, f"{CHECKOUT}/tests/stage/ask.py", str(folder / "answers"), kind]
        started = ["/bin/dash", "-i"] if shell else command
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PS1": "shell> "}
        self.child: pexpect.spawn[str] = pexpect.spawn(
            started[0], started[1:], env=environment, encoding="utf-8", timeout=SECONDS, dimensions=(25, 80)
        )
        self.child.delaybeforesend = None
        self.child.logfile_read = self._screen = io.StringIO()
        self.before = self.modes()
        if shell:
            self.child.expect_exact("shell> ")
            self.child.sendline(shlex.join(command))
        self.child.expect_exact("busy 1.")

    def modes(self) -> tuple[bool, bool]:
        """Tell whether the terminal echoes, and whether it collects lines."""
        flags = termios.tcgetattr(self.child.child_fd)[3]
        return bool(flags & termios.ECHO), bool(flags & termios.ICANON)

    def type(self, keys: str, after: str) -> None:
        """Wait for the question, and type *keys*."""
        self.child.expect_exact(after)
        self.child.send(keys)

    def wait_for_state(self, state: str) -> None:
        """Wait until the process that asks is in this state."""
        wait_until(lambda: process_state(int((self._folder / "pid").read_text())) == state)

    def end(self) -> str:
        """Wait for the end, see that the terminal is as before, and return the answer."""
        self.child.expect_exact("end.")
        wait_until(lambda: self.before == self.modes())
        self.child.close()
        (answer,) = json.loads((self._folder / "answers").read_text())
        return str(answer)

    @property
    def screen(self) -> str:
        """All that was shown, with what was erased."""
        return self._screen.getvalue()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("ocadmin\r", "ocadmin"),
        ("  ocadmin\u00a0\n", "ocadmin"),
        ("\x7focx\bp\x7fadmin\r", "ocadmin"),
        ("wrong\x15right\r", "right"),
        ("\u00e4\u6f22\x7f\x7fn\u00e4he \U0001f600\r", "n\u00e4he \U0001f600"),
        (PASTED.format("CHG") + "-" + PASTED.format("4711") + "\r", "CHG-4711"),
        ("x" * 2050 + "\r", "x" * 2048),
        ("\r", ""),
        ("\x04", "not-answered"),
    ],
)
def test_visible_answer(typed: str, answer: str, tmp_path: Path) -> None:
    """The usual keys for corrections work, and what a terminal puts around a paste is no part of the answer."""
    person = Person(tmp_path)
    person.type(typed, "visible 1: ")

    assert answer == person.end()
    assert "\x1b" not in person.screen


def test_echo(tmp_path: Path) -> None:
    """An answer to a visible question is shown as it is typed, harmless, and erased column by column."""
    person = Person(tmp_path)
    person.type("", "visible 1: ")
    for typed, shown in (
        ("o", "o"),
        ("\u6f22", "\u6f22"),
        ("\x7f", "\b\b  \b\b"),
        ("\x15", "\b \b"),
        ("\x01", "\\x01"),
    ):
        person.child.send(typed)
        person.child.expect_exact(shown)
    os.write(person.child.child_fd, b"\xe4")  # an umlaut as a terminal sends it that does not speak UTF-8
    person.type("\x03", "\\xe4")

    assert "interrupted" == person.end()


@pytest.mark.parametrize("keys", ["\x1b[D", "\x1b[15~", "\x01", "\x04", "\t", "\0", "\u0085"])
def test_other_keys_are_no_answer(keys: str, tmp_path: Path) -> None:
    """The code of a key that means nothing here is not taken for text: the question is asked again."""
    person = Person(tmp_path)
    person.type(f"oc{keys}admin\r", "visible 1: ")
    person.child.expect_exact("control character")
    person.type("ocadmin\r", "visible 1: ")

    assert "ocadmin" == person.end()
    assert "\x1b" not in person.screen


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Secret-4711 \r", "Secret-4711 "),
        (PASTED.format("Secret-4711") + "\r", "Secret-4711"),
        ("p\u00e4ss\r", "p\u00e4ss"),
        ("x\x7fy\r", "y"),
        ("a\x03b", "interrupted"),
    ],
)
def test_secret_answer(typed: str, answer: str, tmp_path: Path) -> None:
    """Nothing of a secret is shown, not even its length; it is given as typed, without the codes of a paste."""
    person = Person(tmp_path, "secret")
    person.type(typed, "secret 1: ")

    assert answer == person.end()
    assert "secret 1: \r\nend." in person.screen


def test_typed_while_the_screen_stands_still(tmp_path: Path) -> None:
    """After ^S a question is not on the screen, so what is typed until ^Q does not answer it."""
    person = Person(tmp_path)
    person.child.send("\x13Sentinel-1!\r")
    time.sleep(1)
    person.child.send("Sentinel-1!\r\x11")
    person.type("seen\r", "visible 1: ")

    assert "seen" == person.end()
    assert "Sentinel" not in person.screen


@pytest.mark.parametrize(("kind", "begun"), [("visible", "begun "), ("secret", "")])
@pytest.mark.parametrize("background", [False, True])
def test_suspended(kind: str, begun: str, background: bool, tmp_path: Path) -> None:
    """^Z gives the terminal to the shell as it was; `fg`, also after `bg`, asks again, for the whole of a secret."""
    person = Person(tmp_path, kind, shell=True)
    person.type("begun \x1a", f"{kind} 1: ")
    person.child.expect_exact("shell> ")
    assert person.before == person.modes()
    if background:
        person.child.sendline("bg")
        person.child.expect_exact("shell> ")
        person.wait_for_state("T")
    person.child.sendline("fg")
    person.type("Sentinel\r", f"{kind} 1: {begun}")

    assert f"{begun}Sentinel" == person.end()
    assert (kind == "visible") == ("Sentinel" in person.screen)


def test_suspended_without_a_shell(tmp_path: Path) -> None:
    """If nothing could continue the process, ^Z does not stop it: the question is shown once more."""
    person = Person(tmp_path)
    person.type("begun\x1a", "visible 1: ")
    person.type("\r", "visible 1: begun")

    assert "begun" == person.end()


def test_asked_in_the_background(tmp_path: Path) -> None:
    """A question that comes up in the background waits there, stopped and not shown, for `fg`."""
    person = Person(tmp_path, shell=True)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGSTOP)
    person.child.expect_exact("shell> ")
    person.child.sendline("bg")
    person.child.expect_exact("shell> ")
    person.wait_for_state("T")
    assert "visible 1: " not in person.screen
    person.child.sendline("fg")
    person.type("answer\r", "visible 1: ")

    assert "answer" == person.end()


@pytest.mark.parametrize("terminal", ["/dev/null", "/nowhere"])
def test_no_terminal(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing is asked."""
    monkeypatch.setattr("onbox.screen.prompts._TERMINAL", terminal)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with closing(Prompts()) as prompts, pytest.raises(OnboxError) as caught:
        prompts.ask("question: ", str)

    assert "not-answered" == caught.value.code
