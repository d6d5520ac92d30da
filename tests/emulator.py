"""A screen of tmux, with a command in front of which a person sits."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 30  # how long a text may take to appear


class Screen:
    """A running tmux of its own, with one window."""

    def __init__(self, socket: Path) -> None:
        """Talk to the tmux at *socket*."""
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        """Give tmux a command and return what it says."""
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments], check=True, capture_output=True
        )
        return done.stdout.decode()

    def text(self) -> str:
        """Return what the window shows now, and nothing that has scrolled away."""
        return self.tmux("capture-pane", "-p").rstrip() + "\n"

    def everything(self) -> str:
        """Return what the window shows, and before it what has scrolled away."""
        return self.tmux("capture-pane", "-p", "-S", "-").rstrip() + "\n"

    def wait_for(self, pattern: str) -> None:
        """Wait until the screen shows *pattern*."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self.text(), re.MULTILINE):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {pattern!r} on this screen:\n{self.text()}")
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Type *text* and press ENTER."""
        self.tmux("send-keys", "-l", text)
        self.tmux("send-keys", "Enter")


@contextmanager
def screen(
    command: list[str], environment: dict[str, str], folder: Path, size: tuple[int, int] = (80, 25), shows: str = ""
) -> Iterator[Screen]:
    """Start *command* in *folder* on a screen of *size*; when it has ended, its last line is "$".

    *shows* is what the person typed to start it.
    """
    shown = Screen(folder / "tmux")
    settings = [f"{name}={value}" for name, value in environment.items()]
    started = shlex.join(["env", "-i", *settings, *command])
    script = f"printf '%s\\n' {shlex.quote(f'$ {shows}')}; {started}; printf '$ '; cat"
    columns, rows = map(str, size)
    shown.tmux("new-session", "-d", "-x", columns, "-y", rows, "-c", str(folder), script)
    try:
        yield shown
    finally:
        shown.tmux("kill-server")
