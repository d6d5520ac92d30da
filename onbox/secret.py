"""A value that never prints itself, and what recognises it after it is gone."""

import hashlib
import os
import re
import unicodedata
from array import array
from typing import NoReturn

REDACTED = "<redacted>"
# Shells, JSON and many languages quote a text by adding these.
_QUOTES = b"\n\\\"'"
_KEY = os.urandom(16)


class Fingerprint:
    """Recognises a secret in a text without holding it.

    The password is dropped as soon as it is typed, but the transcript that follows must still be searched for it.
    Keyed digests and lengths are enough for that, of the value and of its bytes that are no quotes, since every way
    of quoting adds its own; the key lives and dies with this process.
    `digest` is that of the value itself: two secrets with the same one are the same.
    """

    __slots__ = ("_forms", "digest")

    def __init__(self, value: bytes | bytearray) -> None:
        """Take the fingerprint of VALUE and keep nothing else of it."""
        self.digest = _hash(value)
        bare = value.translate(None, _QUOTES)
        # A value without quotes needs one search, and too few bytes would be found everywhere.
        forms = {} if bare == value else {b"\n": value}
        if 2 * len(bare) > len(value):
            forms[_QUOTES] = bare
        self._forms = {left_out: (len(form), _hash(form)) for left_out, form in forms.items()}

    def redact(self, text: str) -> str:
        """Give TEXT back with every occurrence of the secret replaced by `<redacted>`, also one that lines break.

        Bytes of TEXT that are not UTF-8 stand in it as `surrogateescape` has them.
        """
        raw = text.encode("utf-8", "surrogateescape")
        hidden = set[int]()
        for left_out, (length, digest) in self._forms.items():
            # A list of these numbers would take ten times as much as a long TEXT.
            places = array("L", (at for at, byte in enumerate(raw) if byte not in left_out))
            joined = raw.translate(None, left_out)
            for start in range(len(joined) - length + 1):
                if _hash(joined[start : start + length]) == digest:
                    hidden.update(range(places[start], places[start + length - 1] + 1))
        kept = bytearray()
        for at, byte in enumerate(raw):
            if at not in hidden:
                kept.append(byte)
            elif at - 1 not in hidden:
                kept += REDACTED.encode()
        return kept.decode("utf-8", "surrogateescape")


def _hash(value: bytes | bytearray) -> bytes:
    return hashlib.blake2b(value, key=_KEY, digest_size=16).digest()


class Secret:
    """A password in memory: no copy in files, logs, exceptions or representations.

    `forget` overwrites what this object holds and empties it; `revealed` tells whether the value was ever given away.
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

    def has(self, pattern: bytes) -> bool:
        """Tell whether the regular expression PATTERN is found in the bytes of the value."""
        return bool(re.search(pattern, self._value))

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
