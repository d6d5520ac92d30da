"""The picture in README.md, made from the stored screen of a whole run."""

from __future__ import annotations

import io
import re

from parts import CHECKOUT
from rich.console import Console
from rich.text import Text

SCREENS = CHECKOUT / "tests" / "__snapshots__" / "test_screens.ambr"
COLOURS = {"ok": "green", "..": "cyan"}


def screen() -> str:
    """Return the stored screen of a run that succeeds."""
    return SCREENS.read_text().partition("[success]\n  '''\n")[2].partition("\n  $\n")[0].replace("\n  ", "\n")[2:]


def picture() -> str:
    """Return the screen as an SVG that fetches nothing from elsewhere, with the marks in colour."""
    text = Text(screen())
    for mark, colour in COLOURS.items():
        text.highlight_regex(rf"(?m)^{re.escape(mark)} ", colour)
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(text)
    svg = console.export_svg(title="onbox resync", unique_id="onbox")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    # Some viewers drop the blanks at the beginning of a line unless the SVG says otherwise.
    return svg.replace("<text ", '<text xml:space="preserve" ')
