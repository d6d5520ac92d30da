"""A value that never prints itself, and a way to recognise it after it is gone."""

import hashlib
import os
import unicodedata
from typing import NoReturn


class Fingerprint:
    """Recognises a secret in a text without holding it.

    The password is dropped as soon as it is typed, but the transcript that follows must still be searched for it.
    A keyed digest of it and its length are enough for that; the key lives and dies with this object.
    """

    __slots__ = ("_digest", "_key", "_length")

    def __init__(self, value: bytes) -> None:
        """Take the fingerprint of VALUE and keep nothing else of it."""
        self._key = os.urandom(16)
        self._length = len(value)
        self._digest = self._hash(value)

    def _hash(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, key=self._key, digest_size=16).digest()

    def redact(self, text: str) -> str:
        """Give TEXT back with every occurrence of the secret replaced by `<redacted>`.

        Bytes of TEXT that are not UTF-8 stand in it as `surrogateescape` has them.
        """
        raw = text.encode("utf-8", "surrogateescape")
        kept = bytearray()
        at = 0
        while at < len(raw):
            window = raw[at : at + self._length]
            if window and self._hash(window) == self._digest:
                kept += b"<redacted>"
                at += self._length
            else:
                kept.append(raw[at])
                at += 1
        return kept.decode("utf-8", "surrogateescape")


class Secret:
    """A password in memory: no copy in files, logs, exceptions or representations.

    `forget` overwrites what this object holds; `revealed` tells whether the value was ever given away.
    """

    __slots__ = ("_value", "revealed")

    def __init__(self, text: str) -> None:
        """Hold TEXT; bytes that a terminal sent and UTF-8 could not read are kept as they were."""
        self._value = bytearray(text.encode("utf-8", "surrogateescape"))
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

    def has_control_characters(self) -> bool:
        """Tell whether some of it can't be seen, or a terminal would act on it instead of passing it on."""
        text = self._value.decode("utf-8", "replace")
        return any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text)

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
        return Fingerprint(bytes(self._value))
