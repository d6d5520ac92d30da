"""Text that no terminal acts upon."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from onbox.printable import harmless


@given(st.text())
def test_harmless_text_is_printable(text: str) -> None:
    """No name, note or answer can move the cursor; readable text is shown as it was written."""
    assert harmless(text).isprintable()
    assert not text.isprintable() or text == harmless(text)


def test_a_character_that_is_not_printable_becomes_an_escape() -> None:
    """Escapes, line ends, changes of direction and halves of characters can be seen and do nothing."""
    assert r"\x1b[31m\n\u202e\ud800" == harmless("\x1b[31m\n\u202e\ud800")
