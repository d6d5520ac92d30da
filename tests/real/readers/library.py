"""Plays rsautil as Rsautil.java does, with a library of Python as READER: getpass, or prompt_toolkit for a MASK."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

PROMPT = "Please enter OC Administrator password:"


def ask(reader: str) -> str:
    """Ask for the password."""
    if reader == "getpass":
        return getpass.getpass(PROMPT)
    from prompt_toolkit import prompt  # type: ignore[import-not-found]  # noqa: PLC0415

    return str(prompt(PROMPT, is_password=True))


def main(reader: str, tries: int, state: Path, arguments: list[str]) -> int:
    """Ask, check, and print the answer."""
    if arguments[0] != "store":
        input("Please enter OC Administrator username:")
    for _ in range(tries):
        password = ask(reader)
        with (state / "passwords").open("a") as file:
            file.write("asked\n")
        if password == (state / "password").read_text():
            if arguments[0] == "store":
                (state / "marker").write_text(arguments[6])
            sys.stderr.write((state / f"{arguments[0]}.err").read_text())
            sys.stdout.write((state / f"{arguments[0]}.out").read_text())
            return 0
        print("Invalid OC Administrator username or password.", flush=True)  # noqa: T201
    return 1


sys.exit(main(sys.argv[1], int(sys.argv[3]), Path(sys.argv[4]), sys.argv[5:]))
