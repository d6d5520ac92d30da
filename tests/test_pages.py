"""The pages: what is made from the code, links, names, one sentence a line, and the words we use."""

from __future__ import annotations

import ast
import re
import subprocess
import tokenize
from typing import TYPE_CHECKING

import pages
import parts
import pytest
from rehearsal import CHECKOUT

from onbox.errors import MESSAGES
from onbox.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = (".", "docs", "packaging/rpm", "tests/faults")
PAGES = sorted(page for folder in FOLDERS for page in (CHECKOUT / folder).glob("*.md"))
SOURCES = {str(path.relative_to(CHECKOUT)): path for path in (CHECKOUT / "onbox").rglob("*.py")}
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
MANUAL = CHECKOUT / "packaging/rpm/onbox.8"
# The names in our code that stand for the password, and what can be done with it.
HANDLING = {"Fingerprint", "Secret", "ask_secret", "password", "reveal", "surrender"}

# Phrases that read as if translated, and words that have a better one in the glossary.
UNWANTED = re.compile(
    r"(?:^|[.!?]\s+|\|\s*)(?:Whoever|Whatever|Wherever|What|Where) (?!.*\?)"
    r"|\b(?:put (?:it |them |this )?on record|puts? right|for want of|have it run|full sync|for it is|for they are)\b"
    r"|\b[Nn]obody knows\b",
    re.MULTILINE,
)


@pytest.mark.parametrize("name", pages.made())
def test_a_made_page_is_up_to_date(name: str) -> None:
    """Pages say what the code says; scripts/pages renews them."""
    assert pages.made()[name] == (CHECKOUT / name).read_text()


def test_every_module_that_touches_the_password_is_named() -> None:
    """A stranger who reads the files that the README lists has seen all that happens to the password."""
    found = set()
    for name, path in SOURCES.items():
        with path.open("rb") as file:
            if HANDLING & {token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME}:
                found.add(name)

    assert found <= {name for name, _ in parts.PASSWORD}


def test_every_setting_has_a_row() -> None:
    """The installed settings file, from which the reference is made, names every key that a settings file can have."""
    named = {f"{section.strip('[]')}.{key}" for section, key, _, _ in parts.settings_file()}

    assert KEYS.keys() == named


@pytest.mark.program("man")
@pytest.mark.program("lexgrog")
def test_man_has_nothing_to_say_against_the_manual() -> None:
    """It can be shown, and found by its description."""
    man = subprocess.run(["man", "--warnings", "-l", MANUAL], capture_output=True, text=True, check=True)
    found = subprocess.run(["lexgrog", MANUAL], capture_output=True, text=True, check=True)

    assert "" == man.stderr
    assert '"onbox - ' in found.stdout


def prose(page: Path) -> Iterator[str]:
    """Give the lines of PAGE that are neither a table, nor code, nor made from the code."""
    text = re.sub(r"<!-- .* makes .*?-->.*?<!-- its end -->|```.*?```", "", page.read_text(), flags=re.DOTALL)
    yield from (line for line in text.splitlines() if not line.startswith(("|", "    ", "#")))


def anchors(page: Path) -> set[str]:
    """Return what a link can name in PAGE: its headings, as they are shown on the web."""
    headings = re.findall("^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_page(page: Path) -> None:
    """A link leads to a page, and to a heading in it; a change of one sentence is a change of one line."""
    for target, heading in LINK.findall(page.read_text()):
        place = page.parent / target if target else page
        assert place.exists(), target
        assert not heading or heading in anchors(place), heading
    assert [] == [line for line in prose(page) if re.search(r"[a-z)`\"*][.?!] +[A-Z`\[]", line)]


def test_an_installed_page_leads_to_installed_pages() -> None:
    """The package leaves out the parts of the README that are for the source repository, as its script `stage` says."""
    stage = (CHECKOUT / "packaging/rpm/stage").read_text()
    names = re.findall(r"\S+", stage.partition("for page in ")[2].partition(";")[0])
    installed = [CHECKOUT / "README.md", *(CHECKOUT / "docs" / name for name in names)]
    for page in installed:
        text = re.sub(r"(?sm)^<!-- only in the source.*?^<!-- to here", "", page.read_text())
        assert {(page.parent / target).resolve() for target, _ in LINK.findall(text) if target} <= set(installed), page


def test_pages_are_short() -> None:
    """An administrator can read all pages in an hour."""
    read = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").glob("*.md")]

    assert sum(len(page.read_text().split()) for page in read) <= 11_000


def test_english() -> None:
    """Pages, messages and docstrings use plain words: the subject of a sentence is a named thing."""
    texts = [(page.name, line) for page in PAGES for line in prose(page)]
    texts += [(code, f"{what}\n{advice}") for code, (_, what, advice) in MESSAGES.items()]
    for name, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                texts.append((name, ast.get_docstring(node) or ""))

    assert [] == [(name, found[0]) for name, text in texts for found in UNWANTED.finditer(text)]
