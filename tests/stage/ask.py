"""Asks a question on the controlling terminal as onbox does, after a moment in which it is busy.

    ask.py FILE visible|secret

FILE gets the answer, as JSON, and a file `pid` beside it the process ID.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import closing
from pathlib import Path

from onbox.errors import OnboxError
from onbox.resync.interrupts import Interrupts
from onbox.screen.prompts import Prompts

BUSY_SECONDS = 0.3


def main() -> None:
    """Ask."""
    file, kind = Path(sys.argv[1]), sys.argv[2]
    file.with_name("pid").write_text(str(os.getpid()))
    interrupts = Interrupts()
    with closing(Prompts(interrupts.at_once)) as prompts:
        try:
            print("busy 1.", flush=True)  # noqa: T201
            time.sleep(BUSY_SECONDS)
            if kind == "visible":
                answer = prompts.ask("visible 1: ", str)
            else:
                secret = prompts.ask_secret("secret 1: ", lambda typed: typed)
                answer = secret.surrender().decode("utf-8", "surrogateescape")
        except OnboxError as error:
            answer = error.code
    file.write_text(json.dumps([answer]))
    print("end.")  # noqa: T201


if __name__ == "__main__":
    main()
