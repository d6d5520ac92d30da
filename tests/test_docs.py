"""The pages lead somewhere, name what there is, and hold one sentence a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from rehearsal import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = sorted(page for folder in (".", "docs", "packaging/rpm") for page in (CHECKOUT / folder).glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")


def prose(page: Path) -> Iterator[str]:
    """Give the lines of *page* that are neither a table, nor code, nor made from the code."""
    text = re.sub(r"<!-- .* makes .*?-->.*?<!-- its end -->|```.*?```", "", page.read_text(), flags=re.DOTALL)
    yield from (line for line in text.splitlines() if not line.startswith(("|", "    ", "#")))


def anchors(page: Path) -> set[str]:
    """Return what a link can name in *page*: its headings, as they are shown on the web."""
    headings = re.findall("^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """A reader who follows a link finds the page, and the heading in it."""
    for target, heading in LINK.findall(page.read_text()):
        place = page.parent / target if target else page

        assert place.exists(), target
        assert not heading or heading in anchors(place), heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_line_holds_one_sentence(page: Path) -> None:
    """A change of one sentence is a change of one line."""
    assert [] == [line for line in prose(page) if re.search(r"[a-z)`\"*][.?!] +[A-Z`\[]", line)]


def test_every_script_is_named_to_newcomers() -> None:
    """Whoever reads the README knows all there is to start."""
    named = set(re.findall(r"^\| `scripts/([\w-]+)`", (CHECKOUT / "README.md").read_text(), re.MULTILINE))

    assert {path.name for path in (CHECKOUT / "scripts").iterdir() if path.is_file()} == named
