"""Run a command on a terminal of its own, type the answers to its prompts, and show the screen.

Standard input holds a JSON object of answers by prompt, a regular expression for the end of what is shown.
Each prompt is answered once.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sys
import termios
import time

PATIENCE = 60  # seconds without a word from the command
HESITATION = 0.3  # seconds before an answer, so that an onlooker can follow


def type_answers(command: list[str], answers: dict[str, str]) -> int:
    """Run *command*, show what its terminal shows, and return its exit code, or minus the signal that ended it."""
    process, terminal = pty.fork()
    if not process:
        termios.tcsetwinsize(0, (25, 80))
        os.execvp(command[0], command)
    shown = ""
    while chunk := read(terminal):
        print(chunk.replace("\r\n", "\n"), end="", flush=True)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", (shown + chunk)[-1000:])
        for prompt in [each for each in answers if re.search(f"{each}$", shown)]:
            time.sleep(HESITATION)
            os.write(terminal, f"{answers.pop(prompt)}\n".encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def read(terminal: int) -> str:
    """Return what comes next, or nothing when the command has ended or is silent for longer than PATIENCE."""
    if not select.select([terminal], [], [], PATIENCE)[0]:
        return ""
    try:
        return os.read(terminal, 4096).decode(errors="replace")
    except OSError:  # what Linux says when the other side of a terminal is closed
        return ""


if __name__ == "__main__":
    sys.exit(type_answers(sys.argv[1:], json.load(sys.stdin)))
