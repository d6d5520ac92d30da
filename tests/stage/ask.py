"""Asks questions on the controlling terminal as onbox does: `ask.py FILE visible|secret...`.

FILE gets the answers, as JSON, and a file `pid` beside it the process ID.
Between the questions it is busy for a moment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from onbox.errors import OnboxError
from onbox.resync.interrupts import Interrupts
from onbox.screen.prompts import Prompts

BUSY_SECONDS = 0.3


def main() -> None:
    """Ask."""
    answers: list[str] = []
    Path(sys.argv[1]).with_name("pid").write_text(str(os.getpid()))
    with Interrupts() as interrupts, Prompts(interrupts.at_once) as prompts:
        interrupts.around_pause(prompts.give_back, prompts.take)
        try:
            for number, kind in enumerate(sys.argv[2:], 1):
                print(f"busy {number}.", flush=True)  # noqa: T201
                time.sleep(BUSY_SECONDS)
                interrupts.check()
                if kind == "visible":
                    answers.append(prompts.ask(f"visible {number}: ", str))
                else:
                    secret = prompts.ask_secret(
                        f"secret {number}: ", lambda typed: typed, OnboxError("password-unusable")
                    )
                    answers.append(secret.surrender().decode("utf-8", "surrogateescape"))
        except OnboxError as error:
            answers.append(error.code)
    Path(sys.argv[1]).write_text(json.dumps(answers))
    print("end.")  # noqa: T201


if __name__ == "__main__":
    main()
