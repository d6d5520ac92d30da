"""The pages that are made from the code."""

from __future__ import annotations

import re
import subprocess
import tokenize

import pages
import parts
import pytest
from manual import commands, manual, metavar
from rehearsal import CHECKOUT
from typer.main import get_command

from onbox.cli import app


@pytest.mark.parametrize("name", pages.made())
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
    text = manual().replace("\\-", "-")
    parameters = [each for _, command in commands(get_command(app)) for each in command.params]

    assert parameters
    assert [] == [each.name for each in parameters if each.opts[-1] not in text and metavar(each) not in text]


def test_the_manual_names_every_variable() -> None:
    """ENVIRONMENT lists each variable that onbox looks at."""
    sources = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py")]
    uses = r'(?:environ|variables)(?:\.get\(|\[)"([A-Z_]+)"|"([A-Z_]+)" in (?:os\.environ|variables)'
    read = {"".join(names) for text in sources for names in re.findall(uses, text)}
    explained = manual().partition(".SH ENVIRONMENT")[2].partition(".SH FILES")[0]

    assert {"NO_COLOR", "TMUX"} <= read
    assert [] == [name for name in read if name not in explained]


SECTIONS = (
    *("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "SETTINGS", "EXIT STATUS", "ENVIRONMENT", "FILES"),
    *("EXAMPLES", "SECURITY", "REPORTING BUGS", "SEE ALSO"),
)


def test_the_manual_has_the_sections_that_people_look_for() -> None:
    """They have the names and the order of other manuals."""
    assert list(SECTIONS) == re.findall(r"^\.SH (.*)$", manual(), re.MULTILINE)


@pytest.mark.program("man")
@pytest.mark.program("lexgrog")
def test_man_has_nothing_to_say_against_the_manual() -> None:
    """It can be shown, and found by its description."""
    page = CHECKOUT / "packaging/rpm/onbox.8"
    man = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, check=True)
    found = subprocess.run(["lexgrog", page], capture_output=True, text=True, check=True)

    assert "" == man.stderr
    assert '"onbox - ' in found.stdout
