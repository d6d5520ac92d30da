"""The table of texts."""

import re
import string

import pytest
from rehearsal import CHECKOUT

from onbox.messages import CHANGED, MESSAGES, UNKNOWN

SOURCES = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py") if path.name != "messages.py"]
# What anybody would have to read twice at two in the morning.
MOST = 230


@pytest.mark.parametrize("key", MESSAGES)
def test_every_text_says_what_to_do_next(key: str) -> None:
    """What happened ends like a sentence, advice is there, and both together fit five lines of 65 characters."""
    message = MESSAGES[key]

    assert message.advice
    assert message.what.endswith((".", "{what}", "{detail}"))
    assert MOST >= len(message.what) + len(message.advice)
    assert message.what.isascii()
    assert message.advice.isascii()


@pytest.mark.parametrize("key", MESSAGES)
def test_every_text_is_used(key: str) -> None:
    """A message that nothing gives would be a promise in docs/messages.md that nobody keeps."""
    assert any(f'"{key}"' in source for source in SOURCES)


def test_gaps_are_filled_by_name() -> None:
    """A fact without a gap does no harm; one gap can stand in both texts."""
    message = MESSAGES["rsautil-unsafe"].filled({"path": "/x", "other": 1})

    assert "/x could be changed" in message.what
    assert "chmod go-w /x" in message.advice


def test_gaps_are_plain_names() -> None:
    """No text reaches into what fills it."""
    texts = [text for message in MESSAGES.values() for text in (message.what, message.advice)]
    gaps = {field for text in texts for _, field, _, _ in string.Formatter().parse(text) if field}

    assert not [gap for gap in gaps if not re.fullmatch("[a-z]+", gap)]


def test_only_an_unknown_outcome_leaves_open_what_was_changed() -> None:
    """Each exit code promises one thing about the appliance."""
    assert ["It is not known whether the marker time was changed."] == [
        text for code, text in CHANGED.items() if code == UNKNOWN
    ]
    assert {"", "Nothing was changed."} == {text for code, text in CHANGED.items() if code != UNKNOWN}
