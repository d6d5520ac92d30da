"""Make the parts of pages that are made from the code.

Each stands between two comments in its page, of which the first names the function that makes it.

python scripts/lib/pages.py FOLDER    writes each page with such parts below FOLDER, and the picture of README.md
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import commands
import parts
from commands import CHECKOUT
from faults import rows
from rich.console import Console
from rich.text import Text

PAGES = (
    *("README.md", "CONTRIBUTING.md", "docs/reference.md", "tests/faults/README.md"),
    *("packaging/rpm/onbox.8", "packaging/rpm/onbox.bash"),
)
MAKERS = {"commands": commands, "parts": parts, "faults": rows}
SCREENS = CHECKOUT / "tests" / "__snapshots__" / "test_screens.ambr"
COLOURS = {"ok": "green", "..": "cyan"}


def filled(text: str) -> str:
    """Return the *text* of a page with all its made parts made anew; Markdown wants empty lines around them."""
    return re.sub(
        r"^(.*scripts/pages makes this part: (\w+)\.(\w+).*\n)(\n?)(?s:.*?)\n(.*its end\b)",
        lambda found: f"{found[1]}{found[4]}{getattr(MAKERS[found[2]], found[3])()}\n{found[4]}{found[5]}",
        text,
        flags=re.MULTILINE,
    )


def picture() -> str:
    """Return the stored screen of a run that succeeds, as an SVG that fetches nothing, with the marks in colour."""
    stored = SCREENS.read_text().partition("[success]\n  '''\n")[2].partition("\n  $\n")[0]
    text = Text(stored.replace("\n  ", "\n")[2:])
    for mark, colour in COLOURS.items():
        text.highlight_regex(rf"(?m)^{re.escape(mark)} ", colour)
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(text)
    svg = console.export_svg(title="onbox resync", unique_id="onbox")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    # Some viewers drop the blanks at the beginning of a line unless the SVG says otherwise.
    return svg.replace("<text ", '<text xml:space="preserve" ')


def made() -> dict[str, str]:
    """Return every made page by its path."""
    return {name: filled((CHECKOUT / name).read_text()) for name in PAGES} | {"docs/run.svg": picture()}


if __name__ == "__main__":
    for name, text in made().items():
        target = Path(sys.argv[1], name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
