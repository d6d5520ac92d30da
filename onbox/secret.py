"""A value that never prints itself."""

import re
import unicodedata
from typing import NoReturn

from onbox.fingerprint import Fingerprint


class Secret:
    """A password in memory: no copy in files, logs, exceptions or representations.

    `forget` overwrites what this object holds; `revealed` tells whether the value was ever given away.
    """

    __slots__ = ("_value", "revealed")

    def __init__(self, value: str | bytes | bytearray) -> None:
        """Hold VALUE; bytes that UTF-8 cannot decode stay as they are."""
        self._value = bytearray(value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value)
        self.revealed = False

    def __repr__(self) -> str:
        """Name the kind of thing, never the value."""
        return "<secret>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be copied or written anywhere.

        Raises:
            TypeError: always.
        """
        raise TypeError("a secret is not copied")

    def __len__(self) -> int:
        """Give the length in bytes; 0 once it is forgotten."""
        return len(self._value)

    def has(self, pattern: bytes) -> bool:
        """Tell whether the regular expression PATTERN is found in the bytes of the value."""
        return bool(re.search(pattern, self._value))

    def has_control_characters(self) -> bool:
        """Tell whether it contains a character that cannot be seen, or on which a terminal acts."""
        text = self._value.decode("utf-8", "replace")
        return any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text)

    def is_the_one_of(self, fingerprint: Fingerprint) -> bool:
        """Tell whether FINGERPRINT was taken of the same value."""
        return fingerprint.fits(self._value)

    def occurs_in(self, text: str) -> bool:
        """Tell whether TEXT contains it, in capital or small letters, with or without the blanks at its ends."""
        value = _folded(self._value.decode("utf-8", "surrogateescape")).strip()
        return bool(value) and value in _folded(text)

    def reveal(self) -> bytes:
        """Give the value for typing it at a prompt."""
        self.revealed = True
        return bytes(self._value)

    def surrender(self) -> bytes:
        """Give the value for the last time and forget it."""
        value = self.reveal()
        self.forget()
        return value

    def forget(self) -> None:
        """Overwrite the value and hold nothing from now on."""
        self._value[:] = bytes(len(self._value))
        self._value.clear()

    def fingerprint(self) -> Fingerprint:
        """Give what recognises this value in a text after it is forgotten."""
        return Fingerprint(self._value)


def _folded(text: str) -> str:
    """Give TEXT in the form that its spellings in capital letters and in other code points share."""
    return unicodedata.normalize("NFKC", text).casefold()
