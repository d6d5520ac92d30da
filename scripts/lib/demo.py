"""Run onbox once, for real, against a rehearsal appliance.

python scripts/lib/demo.py FOLDER    works in FOLDER

At a terminal you answer its prompts; without one the answers are typed for you, and the screen is shown at the end.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rehearsal import ANSWERS, Onbox, make

HELLO = """\
A rehearsal. The appliance is a stand-in, and nothing outside of this folder is
touched: {folder}

  Operations Console administrator   {admin}
  password                           {password}
  host name                          {host}

$ onbox --config {config} resync
"""


def main(folder: Path) -> int:
    """Rehearse in *folder*, show what is on record, and return the exit code of the run."""
    machine = make(folder / "appliance")
    onbox = Onbox(machine, folder)
    admin, password, _, host = ANSWERS.values()
    print(HELLO.format(folder=folder, admin=admin, password=password, host=host, config=machine.config), flush=True)
    if sys.stdin.isatty() and sys.stdout.isatty():
        status = subprocess.call(onbox.command("resync"))
    else:
        run = onbox("resync")
        print(run.screen)
        status = run.exit_code
    print(f"\nonbox ended with exit code {status}. What is on record:\n", flush=True)
    subprocess.call(onbox.command("audit", "list"))
    for record in machine.journal()[-1:]:
        print(f"\n$ onbox audit show {record['run']}", flush=True)
        subprocess.call(onbox.command("audit", "show", record["run"]))
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
