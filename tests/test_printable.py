"""Text that no terminal acts upon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.printable import harmless


@given(st.text())
def test_harmless_text_is_printable(text: str) -> None:
    """No name, note or answer can move the cursor."""
    assert harmless(text).isprintable()


@given(st.text())
def test_printable_text_stays_as_it_is(text: str) -> None:
    """Readable text is shown as it was written."""
    assert not text.isprintable() or text == harmless(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\t", r"a\nb\t"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("M\u00fcller", "M\u00fcller"),
    ],
)
def test_what_is_not_printable_becomes_an_escape(text: str, expected: str) -> None:
    """Escapes, line ends, changes of direction and halves of characters can be seen and do nothing."""
    assert expected == harmless(text)
