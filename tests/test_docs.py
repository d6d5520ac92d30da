"""The pages: links, names, one sentence a line, and the words we use."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from rehearsal import CHECKOUT

from onbox.messages import MESSAGES
from onbox.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = (".", "docs", "packaging/rpm", "tests/faults")
PAGES = sorted(page for folder in FOLDERS for page in (CHECKOUT / folder).glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
MOST_WORDS = 11_000

# Phrases that read as if translated, and words that have a better one in the glossary.
UNWANTED = re.compile(
    r"(?:^|[.!?]\s+|\|\s*)(?:Whoever|Whatever|Wherever|What|Where) (?!.*\?)"
    r"|\b(?:put (?:it |them |this )?on record|puts? right|for want of|have it run|full sync|for it is|for they are)\b",
    re.MULTILINE,
)


def prose(page: Path) -> Iterator[str]:
    """Give the lines of PAGE that are neither a table, nor code, nor made from the code."""
    text = re.sub(r"<!-- .* makes .*?-->.*?<!-- its end -->|```.*?```", "", page.read_text(), flags=re.DOTALL)
    yield from (line for line in text.splitlines() if not line.startswith(("|", "    ", "#")))


def anchors(page: Path) -> set[str]:
    """Return what a link can name in PAGE: its headings, as they are shown on the web."""
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


def test_pages_are_short() -> None:
    """An administrator can read all pages in an hour."""
    pages = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").glob("*.md")]

    assert sum(len(page.read_text().split()) for page in pages) <= MOST_WORDS


def test_every_script_is_named_to_newcomers() -> None:
    """The README names every script."""
    named = set(re.findall(r"^\| `scripts/([\w-]+)`", (CHECKOUT / "README.md").read_text(), re.MULTILINE))

    assert {path.name for path in (CHECKOUT / "scripts").iterdir() if path.is_file()} == named


def test_every_setting_has_a_row() -> None:
    """The reference, which is made from the installed settings file, names every key that a settings file can have."""
    named = re.findall(r"^\| `\[(\w+)\] (\w+)` \|", (CHECKOUT / "docs/reference.md").read_text(), re.MULTILINE)

    assert {(section, key) for section, keys in KEYS.items() for key in keys} == set(named)


def docstrings() -> Iterator[tuple[str, str]]:
    """Give each docstring of onbox, with the name of its file."""
    for path in (CHECKOUT / "onbox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                yield path.name, ast.get_docstring(node) or ""


def test_english() -> None:
    """Pages, messages and docstrings use plain words: the subject of a sentence is a named thing."""
    texts = [(page.name, line) for page in PAGES for line in prose(page)]
    texts += docstrings()
    texts += [(code, f"{what}\n{advice}") for code, (_, what, advice) in MESSAGES.items()]

    assert [] == [(name, found[0]) for name, text in texts for found in UNWANTED.finditer(text)]
