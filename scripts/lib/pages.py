"""Make the pages, and the parts of pages, that are made from the code.

python scripts/lib/pages.py FOLDER    writes each of them below FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from completion import completion
from manual import manual
from parts import CHECKOUT, filled
from picture import picture

PAGES = ("README.md", "CONTRIBUTING.md", "docs/reference.md")


def made() -> dict[str, str]:
    """Return every made page by its path."""
    pages = {name: filled((CHECKOUT / name).read_text()) for name in PAGES}
    return pages | {
        "docs/run.svg": picture(),
        "packaging/rpm/onbox.8": manual(),
        "packaging/rpm/onbox.bash": completion(),
    }


if __name__ == "__main__":
    for name, text in made().items():
        target = Path(sys.argv[1], name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
