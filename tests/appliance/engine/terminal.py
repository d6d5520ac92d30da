"""The terminal as a Java Console uses it."""

from __future__ import annotations

import os
import select
import termios
import time


class ClosedError(Exception):
    """The other side of the terminal is closed, or ended the input."""


def write(text: str, descriptor: int = 1) -> None:
    """Write *text*; a lone surrogate stands for the byte it escapes."""
    write_bytes(text.encode("utf-8", "surrogateescape"), descriptor)


def write_bytes(data: bytes, descriptor: int = 1) -> None:
    """Write all of *data*."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError:
            raise ClosedError from None


def set_echo(*, on: bool) -> bool:
    """Switch echo on or off, and tell whether it was on."""
    attributes = termios.tcgetattr(0)
    before = bool(attributes[3] & termios.ECHO)
    attributes[3] = attributes[3] | termios.ECHO if on else attributes[3] & ~termios.ECHO
    termios.tcsetattr(0, termios.TCSADRAIN, attributes)
    return before


def show_prompt(prompt: str, pause: float) -> None:
    """Drop what was typed early, and write *prompt*, with a *pause* in seconds after every seven characters if any."""
    termios.tcflush(0, termios.TCIFLUSH)
    step = 7 if pause else len(prompt)
    for start in range(0, len(prompt), step):
        write(prompt[start : start + step])
        time.sleep(pause)


def edit_line(prompt: str, every: float, *, hidden: bool) -> str:
    """Return the line typed as a line editor reads it: it draws its prompt every so many seconds, and asterisks."""
    before = termios.tcgetattr(0)
    raw = termios.tcgetattr(0)
    raw[0] &= ~termios.ICRNL
    raw[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSADRAIN, raw)
    typed = b""
    while not typed.endswith((b"\r", b"\n")):
        shown = prompt + ("*" * len(typed) if hidden else typed.decode("utf-8", "replace"))
        write(f"\r{shown}          \r{shown}")
        if select.select([0], [], [], every)[0]:
            typed += os.read(0, 1)
    termios.tcsetattr(0, termios.TCSADRAIN, before)
    write("\n")
    return typed[:-1].decode("utf-8", "surrogateescape")


def read_line() -> str:
    """Return the line typed, without its end.

    Raises:
        ClosedError: there is no more input.

    """
    typed = b""
    while not typed.endswith(b"\n"):
        try:
            more = os.read(0, 4096)
        except OSError:
            raise ClosedError from None
        if not more:
            raise ClosedError
        typed += more
    return typed[:-1].decode("utf-8", "surrogateescape")
