"""The table of messages keeps its promises."""

from __future__ import annotations

import re
import string

import pytest
from rehearsal import CHECKOUT

from onbox.messages import CHANGED, DONE, MEANING, MESSAGES, UNKNOWN

SOURCES = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py") if path.name != "messages.py"]
# What and advice together, so that they fit five lines of a screen.
MOST = 230
# Words that the vendor does not use, and phrases that say nothing to a person.
UNWANTED = re.compile(r"\b(?:OC|CAS|please|oops|sorry|simply|just)\b", re.IGNORECASE)


@pytest.mark.parametrize("key", MESSAGES)
def test_each_message(key: str) -> None:
    """It says briefly and in whole sentences what happened and what to do, and its exit code is a documented one."""
    message = MESSAGES[key]

    assert message.exit_code in CHANGED
    assert message.what.endswith((".", "{what}", "{detail}"))
    assert message.what[0].isupper() or message.what.startswith(("{", "onbox", "rsautil"))
    assert message.advice
    assert not UNWANTED.search(message.what + message.advice)
    assert (message.what + message.advice).isascii()
    assert len(message.what) + len(message.advice) <= MOST


@pytest.mark.parametrize("key", MESSAGES)
def test_use(key: str) -> None:
    """A message that nothing gives would be a promise in docs/messages.md that nobody keeps."""
    assert any(f'"{key}"' in source for source in SOURCES)


@pytest.mark.parametrize("key", MESSAGES)
def test_gaps(key: str) -> None:
    """The gaps of a text are plain names, and filling them leaves no gap."""
    message = MESSAGES[key]
    parts = [part for text in (message.what, message.advice) for part in string.Formatter().parse(text)]
    facts: dict[str, object] = {name: 7 if form else "X" for _, name, form, _ in parts if name}

    filled = message.filled(facts)

    assert all(name is None or name.isidentifier() for _, name, _, _ in parts)
    assert "{" not in filled.what + filled.advice
    assert message.exit_code == filled.exit_code


def test_changed() -> None:
    """Only two exit codes leave it open that something was changed: the one for done and the one for unknown."""
    assert [DONE, UNKNOWN] == [code for code, text in CHANGED.items() if text != "Nothing was changed."]
    assert "" == MESSAGES["update-confirmed"].changed
    assert "It is not known whether the marker time was changed." == MESSAGES["update-timeout"].changed


def test_meaning() -> None:
    """Every exit code has a meaning and a promise."""
    assert list(CHANGED) == list(MEANING)
