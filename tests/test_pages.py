"""The pages that are made from the code."""

from __future__ import annotations

import tokenize

import pages
import parts
import pytest
from rehearsal import CHECKOUT
from typer.main import get_command

from onbox.cli import app


@pytest.mark.parametrize("name", [*pages.PAGES, pages.MANUAL, pages.PICTURE])
def test_a_made_page_is_up_to_date(name: str) -> None:
    """Pages say what the code says; scripts/pages renews them."""
    assert pages.made()[name] == (CHECKOUT / name).read_text()


def test_every_module_that_touches_the_password_is_named() -> None:
    """A stranger who reads the files that the README lists has seen all that happens to the password."""
    handling = {"Fingerprint", "Secret", "ask_secret", "password", "reveal", "surrender"}
    found = set()
    for path in (CHECKOUT / "onbox").rglob("*.py"):
        with path.open("rb") as file:
            if handling & {token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME}:
                found.add(str(path.relative_to(CHECKOUT)))

    assert found <= {name for name, _ in parts.PASSWORD}


def test_the_manual_holds_every_option_of_the_help() -> None:
    """The manual shows every option that the help shows."""
    manual = pages.manual().replace("\\-", "-")
    parameters = [each for _, command in pages.commands(get_command(app), "onbox") for each in command.params]

    assert parameters
    assert [] == [each.name for each in parameters if each.opts[-1] not in manual and pages.metavar(each) not in manual]
