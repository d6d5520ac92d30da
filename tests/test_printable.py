"""Text that no terminal acts upon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.printable import harmless


@given(st.text())
def test_harmless_text_is_printable(text: str) -> None:
    """No name, note or answer can move the cursor; readable text is shown as it was written."""
    assert harmless(text).isprintable()
    assert not text.isprintable() or text == harmless(text)


@pytest.mark.parametrize("text", ["\x1b[31m", "a\nb\t", "\u202e", "\ud800"])
def test_a_character_that_is_not_printable_becomes_an_escape(text: str) -> None:
    """Escapes, line ends, changes of direction and halves of characters can be seen and do nothing."""
    assert ascii(text)[1:-1] == harmless(text)
