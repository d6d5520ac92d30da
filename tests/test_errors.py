"""The table of codes and their words keeps its promises."""

from __future__ import annotations

import string
from typing import get_args

import pytest
from rehearsal import CHECKOUT

from onbox.errors import MESSAGES, Code, OnboxError, message, message_of

USES = "".join(path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py") if path.name != "errors.py")
# Both texts together fit six lines of a screen.
MOST = 420


def test_every_code_has_words() -> None:
    """The type that mypy checks and the table name the same codes."""
    assert set(get_args(Code)) == set(MESSAGES)


@pytest.mark.parametrize("code", MESSAGES)
def test_each_message(code: Code) -> None:
    """The program uses it; it says briefly, in whole sentences of ASCII, what happened and what to do."""
    exit_code, what, advice = MESSAGES[code]
    gaps = [part for text in (what, advice) for part in string.Formatter().parse(text)]
    facts = {name: 7 if form else "X" for _, name, form, _ in gaps if name}
    filled = message(code, **facts)

    assert f'"{code}"' in USES
    assert what.endswith((".", "{what}", "{detail}"))
    assert what[0].isupper() or what.startswith(("{", "onbox", "rsautil"))
    assert (what + advice).isascii()
    assert len(what) + len(advice) <= MOST
    assert "{" not in filled.what + filled.advice
    assert (filled, filled.exit_code) == (message_of(OnboxError(code, **facts)), exit_code)


def test_a_fact_may_look_like_a_gap() -> None:
    """A fact is shown as it is, also when it has braces."""
    assert message("check-passed", detail="{file}{0}%s").what == "{file}{0}%s"
