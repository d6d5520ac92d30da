"""The pages that are made from the code."""

from __future__ import annotations

import html
import re
import tokenize

import pages
import parts
import pytest
from rehearsal import CHECKOUT
from typer.main import get_command

from onbox.cli import app

PICTURE = CHECKOUT / "docs" / "run.svg"
SCREENS = CHECKOUT / "tests" / "__snapshots__" / "test_screens.ambr"


@pytest.mark.parametrize("name", [*pages.PAGES, pages.MANUAL])
def test_a_made_page_is_up_to_date(name: str) -> None:
    """Texts, exit codes, options and who knows whom stand in the code alone; scripts/pages renews the pages."""
    assert pages.made()[name] == (CHECKOUT / name).read_text()


def test_every_module_that_touches_the_password_is_named() -> None:
    """A stranger who reads the files that the README lists has seen all that happens to the password."""
    handling = {"Secret", "ask_secret", "password", "reveal", "surrender"}
    found = set()
    for path in (CHECKOUT / "onbox").rglob("*.py"):
        with path.open("rb") as file:
            if handling & {token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME}:
                found.add(str(path.relative_to(CHECKOUT)))

    assert found <= {name for name, _ in parts.PASSWORD}


def test_the_manual_holds_every_option_of_the_help() -> None:
    """What the help of a command shows, the manual shows too."""
    manual = pages.manual().replace("\\-", "-")
    parameters = [each for _, command in pages.commands(get_command(app), "onbox") for each in command.params]

    assert parameters
    assert [] == [each.name for each in parameters if each.opts[-1] not in manual and pages.metavar(each) not in manual]


def test_the_picture_shows_what_a_run_shows() -> None:
    """The picture is the stored screen of a whole run; scripts/picture renews it."""
    texts = re.findall(r'<text [^>]*class="onbox-r\d+"[^>]*>([^<]*)</text>', PICTURE.read_text())
    pictured = html.unescape("".join(texts))
    stored = SCREENS.read_text().partition("[80x25-xterm-256color-en_US.UTF-8]\n  '''\n")[2].partition("\n  '''")[0]

    assert re.sub(r"\s", "", stored) == re.sub(r"\s", "", pictured)
