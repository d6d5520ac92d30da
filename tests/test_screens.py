"""The eight screens that people see most, on a console of 80x25, compared with stored ones.

An ordinary user renews the stored ones with ``./scripts/test tests/test_screens.py --snapshot-update -n 0``.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from history import History
from rehearsal import CHECKOUT, SECONDS, Onbox, make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syrupy.assertion import SnapshotAssertion

HOST = "am82p"  # as stage/sitecustomize.py names it
STAGED = {"PYTHONPATH": f"{CHECKOUT}/tests/stage:{CHECKOUT}", "TERM": "linux", "LANG": "C"}
LOGIN = {"Operations Console administrator:": "ocadmin", "Password of .* ocadmin:": "Rehearsal-1!"}
CONFIRM = {r"Reason \[1-5\]:": "1", "Type the host name to go ahead:": HOST}


class Tmux:
    """A running tmux of its own, with one window of 80x25."""

    def __init__(self, socket: Path) -> None:
        """Talk to the tmux at *socket*."""
        self._socket = socket

    def tell(self, *arguments: str) -> str:
        """Give tmux a command and return what it says."""
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    def text(self) -> str:
        """Return what the window shows, and before it what has scrolled away."""
        return self.tell("capture-pane", "-p", "-S", "-").rstrip() + "\n"

    def wait_for(self, pattern: str) -> None:
        """Wait until the window shows *pattern*."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self.text(), re.MULTILINE):
            assert time.monotonic() < deadline, f"no {pattern!r} on this screen:\n{self.text()}"
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Type *text* and press ENTER."""
        self.tell("send-keys", "-l", text)
        self.tell("send-keys", "Enter")


@contextmanager
def tmux(command: list[str], environment: dict[str, str], folder: Path, shows: str) -> Iterator[Tmux]:
    """Start *command* in *folder* behind a line that *shows* what was typed; when it has ended, the last one is "$"."""
    shown = Tmux(folder / "tmux")
    settings = [f"{name}={value}" for name, value in environment.items()]
    started = shlex.join(["env", "-i", *settings, *command])
    script = f"printf '%s\\n' {shlex.quote(f'$ {shows}')}; {started}; printf '$ '; cat"
    shown.tell("new-session", "-d", "-x", "80", "-y", "25", "-c", str(folder), script)
    try:
        yield shown
    finally:
        shown.tell("kill-server")


class Screen(NamedTuple):
    """A command, what is answered, how rsautil behaves, and what earlier runs left behind."""

    answers: dict[str, str]
    command: tuple[str, ...] = ("resync",)
    behaviour: dict[str, str] = {}  # noqa: RUF012 - never changed
    left: tuple[str, ...] = ()


SCREENS = {
    "success": Screen(LOGIN | CONFIRM),
    "dry run": Screen(LOGIN, ("resync", "--dry-run"), left=("run",)),
    "accepted": Screen(LOGIN | CONFIRM, behaviour={"update": "no-notice"}),
    "unknown": Screen(LOGIN | CONFIRM, behaviour={"update": "success-and-error"}),
    "login denied": Screen(LOGIN, behaviour={"verify": "refused"}),
    "lockout": Screen(dict([*LOGIN.items()][:1]), left=("denied",) * 4),
    "check": Screen({}, ("check",)),
    "status": Screen({}, ("status",), left=("run", "attempt", "denied")),
}


@pytest.fixture
def staged() -> Iterator[Onbox]:
    """Return onbox in front of a rehearsal appliance whose path is equally long everywhere."""
    folder = Path(tempfile.mkdtemp(prefix="onbox-", dir="/tmp"))
    home = folder / "home"
    home.mkdir()
    yield Onbox(make(folder / "opt"), home)
    shutil.rmtree(folder)


# Texts that differ from run to run, and others of the same length.
SAME_EVERYWHERE = {
    r"/tmp/onbox-\w{8}": "/tmp/onbox-12345678",
    r"/dev/pts/\d+": "/dev/pts/0",
    r"\d\d:\d\d(?= UTC|  )": "12:34",
    r"\d{4}-\d\d-\d\d": "2026-01-02",
    r"\d\d:\d\d:\d\d": "12:34:56",
    r"\b[0-9a-f]{64}\b": "0123456789abcdef" * 4,
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b": "6f1c2b58-3d94-4e07-9a51-c0ffee15600d",
    r"(?<!-)\b[0-9a-f]{8}\b(?!-)": "6f1c2b58",
    # Each machine has something else that keeps its clock right.
    r"(?m)^.. time .*\n(?: {14}.*\n)*": "",
}


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.program("tmux")
def test_a_screen_is_as_stored(name: str, staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """A whole command, with what has scrolled away, reads as it was approved on a console that knows only ASCII."""
    stored = SCREENS[name]
    staged.machine.behave(**stored.behaviour)
    with closing(History(staged.machine.audit)) as history:
        for event in stored.left:
            getattr(history, event)()
    staged.machine.rsautil.chmod(0o777 if stored.command == ("check",) else 0o755)
    command, folder = staged.command(*stored.command), staged.machine.folder.parent
    with tmux(command, staged.environment() | STAGED, folder, shows=f"onbox {' '.join(stored.command)}") as shown:
        for prompt, answer in stored.answers.items():
            shown.wait_for(f"^{prompt}$")
            shown.type(answer)
        shown.wait_for(r"^\$$")
        text = shown.text()
    for pattern, same in SAME_EVERYWHERE.items():
        text = re.sub(pattern, same, text)

    assert text.isascii()
    assert snapshot == text
