"""Recognises a secret after it is gone."""

import binascii
import hashlib
import os
import re

REDACTED = "<redacted>"
_NEWLINE = 10


class Fingerprint:
    """Recognises a secret in a text without holding it.

    The password is dropped as soon as it is typed, but the transcript that follows must still be searched for it.
    Keyed digests of its forms and their lengths are enough for that; the key lives and dies with this object.
    """

    __slots__ = ("_digest", "_digests", "_key")

    def __init__(self, value: bytes | bytearray) -> None:
        """Take the fingerprint of VALUE and keep nothing else of it."""
        self._key = os.urandom(16)
        self._digest = self._hash(value)
        self._digests: dict[int, set[bytes]] = {}
        for form in _forms(bytes(value)) if value else ():
            self._digests.setdefault(len(form), set()).add(self._hash(form))

    def _hash(self, value: bytes | bytearray) -> bytes:
        return hashlib.blake2b(value, key=self._key, digest_size=16).digest()

    def fits(self, value: bytes | bytearray) -> bool:
        """Tell whether VALUE is the secret, no more and no less."""
        return self._hash(value) == self._digest

    def redact(self, text: str) -> str:
        """Give TEXT back with every occurrence of the secret replaced by `<redacted>`, also one that lines break.

        Bytes of TEXT that are not UTF-8 stand in it as `surrogateescape` has them.
        """
        raw = text.encode("utf-8", "surrogateescape")
        joined = raw.replace(b"\n", b"")
        hidden = bytearray(len(joined))
        for length, digests in self._digests.items():
            for at in range(len(joined) - length + 1):
                if self._hash(joined[at : at + length]) in digests:
                    hidden[at : at + length] = b"1" * length
        kept = bytearray()
        at = 0
        for byte in raw:
            if byte == _NEWLINE:
                kept.append(byte)
                continue
            if not hidden[at]:
                kept.append(byte)
            elif not at or not hidden[at - 1]:
                kept += REDACTED.encode()
            at += 1
        return kept.decode("utf-8", "surrogateescape")


def _forms(value: bytes) -> set[bytes]:
    """Give VALUE as programs write it: as it is, as shells, JSON, XML and URLs quote it, and as base64."""
    text = value.decode("utf-8", "surrogateescape")
    xml = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    written = (
        text,
        text.replace("'", r"'\''"),
        text.replace("'", "'\"'\"'"),
        re.sub(r"([^\w@%+=:,./-])", r"\\\1", text),
        re.sub(r'(["$`\\])', r"\\\1", text),
        re.sub(r'(["\\])', r"\\\1", text),
        xml,
        xml.replace('"', "&quot;").replace("'", "&#39;"),
        xml.replace('"', "&quot;").replace("'", "&apos;"),
    )
    url = b"".join(b"%c" % byte if chr(byte).isalnum() and byte < 128 else b"%%%02X" % byte for byte in value)  # noqa: PLR2004
    forms = {form.encode("utf-8", "surrogateescape") for form in written}
    return {*forms, url, binascii.b2a_base64(value).strip(b"=\n")}
