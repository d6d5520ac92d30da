"""The table of messages keeps its promises."""

from __future__ import annotations

import re
import string
from typing import get_args

import pytest
from rehearsal import CHECKOUT

from onbox.errors import Code, ExitCode, OnboxError
from onbox.messages import MEANING, MESSAGES, message, message_of

SOURCES = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py") if path.name != "messages.py"]
# Both texts together fit six lines of a screen.
MOST = 420
# Words that the vendor does not use, and phrases that say nothing to a person.
UNWANTED = re.compile(r"\b(?:OC|CAS|oops|sorry|simply|just|put on record|put right)\b", re.IGNORECASE)


def facts(code: Code) -> dict[str, object]:
    """Return a fact for each gap in the words of *code*."""
    _, what, advice = MESSAGES[code]
    parts = [part for text in (what, advice) for part in string.Formatter().parse(text)]
    return {name: 7 if form else "X" for _, name, form, _ in parts if name}


def test_every_code_has_words() -> None:
    """The type that mypy checks and the table name the same codes."""
    assert set(get_args(Code)) == set(MESSAGES)


@pytest.mark.parametrize("code", MESSAGES)
def test_each_message(code: Code) -> None:
    """A message says briefly, in whole sentences of ASCII, what happened and what to do."""
    _, what, advice = MESSAGES[code]

    assert what.endswith((".", "{what}", "{detail}"))
    assert what[0].isupper() or what.startswith(("{", "onbox", "rsautil"))
    assert not UNWANTED.search(what + advice)
    assert (what + advice).isascii()
    assert len(what) + len(advice) <= MOST


@pytest.mark.parametrize("code", MESSAGES)
def test_use(code: Code) -> None:
    """Every code can happen: the program names it outside the table."""
    assert any(f'"{code}"' in source.partition("class OnboxError")[2] or f'"{code}"' in source for source in SOURCES)


@pytest.mark.parametrize("code", MESSAGES)
def test_gaps(code: Code) -> None:
    """Filling the gaps leaves none, and one exit code has one outcome and one promise of what was changed."""
    filled = message_of(OnboxError(code, **facts(code)))

    assert filled == message(code, **facts(code))
    assert "{" not in filled.what + filled.advice
    assert filled.exit_code in MEANING
    assert {0: "success", 1: "failure", 4: "failure", 6: "unknown"}.get(filled.exit_code, "refused") == filled.outcome
    assert {0: "", 6: "It is not known whether the marker time was changed."}.get(
        filled.exit_code, "Nothing was changed."
    ) == filled.changed


def test_a_fact_may_look_like_a_gap() -> None:
    """A fact is shown as it is, also when it has braces."""
    assert "The settings file {file}{0}%s does not exist." == message("settings-missing", file="{file}{0}%s").what


def test_every_exit_code_has_a_meaning() -> None:
    """The help lists each exit code that a command can end with."""
    assert list(ExitCode) == list(MEANING)
