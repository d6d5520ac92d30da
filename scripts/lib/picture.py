"""Make the picture of a run: a real one, on a rehearsal appliance, as tmux shows it.

python scripts/lib/picture.py FILE    writes the SVG
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from emulator import screen
from rehearsal import Onbox, make
from rich.console import Console
from rich.text import Text
from test_screens import CONFIRM, LOGIN, STAGED

SIZE = (80, 25)


def run(folder: Path) -> str:
    """Return the last screen of a run in *folder*, with its colours."""
    onbox = Onbox(make(folder / "appliance"), folder)
    environment = onbox.environment() | STAGED | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with screen(onbox.command("resync"), environment, folder, SIZE, "onbox resync") as shown:
        for prompt, answer in (LOGIN | CONFIRM).items():
            shown.wait_for(f"^{prompt}$")
            shown.type(answer)
        shown.wait_for(r"^\$$")
        return shown.coloured()


def picture(coloured: str) -> str:
    """Return *coloured*, a screen with terminal escapes, as an SVG that fetches nothing from elsewhere."""
    console = Console(record=True, width=SIZE[0], file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.from_ansi(coloured.rstrip()))
    svg = console.export_svg(title="onbox resync", unique_id="onbox")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    # Not every viewer keeps the spaces that a line begins with unless it is told so.
    return svg.replace("<text ", '<text xml:space="preserve" ')


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        Path(sys.argv[1]).write_text(picture(run(Path(folder))))
