"""A secret is recognised after it is gone, in any form in which a program writes it."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.fingerprint import Fingerprint

SECRET = 'it\'s "a" $ecret\\`<&>'
# As a terminal gives it: what is no UTF-8 stands as single bytes.
TYPED = st.binary(min_size=1, max_size=12).filter(lambda raw: b"\n" not in raw)


def redacted(text: str, secret: str = SECRET) -> str:
    """Return what is left of *text*."""
    return Fingerprint(secret.encode("utf-8", "surrogateescape")).redact(text)


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        shlex.quote(SECRET)[1:-1],
        SECRET.replace("'", "'\\''"),
        json.dumps(SECRET)[1:-1],
        html.escape(SECRET, quote=False),
        html.escape(SECRET).replace("&#x27;", "&#39;"),
        urllib.parse.quote(SECRET, safe="").replace("_", "%5F"),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        r"it\'s\ \"a\"\ \$ecret\\\`\<\&\>",
        'it\'s \\"a\\" \\$ecret\\\\\\`<&>',
        SECRET[:5] + "\n" + SECRET[5:],
        "\n".join(SECRET),
    ],
)
def test_forms(written: str) -> None:
    """As it is, quoted for a shell, for JSON, XML or a URL, as base64, and broken by lines."""
    left = redacted(f"+ PGPASSWORD='{written}' psql")

    assert "+ PGPASSWORD='<redacted>' psql" == left.replace("\n", "")
    assert written.count("\n") == left.count("\n")


@given(st.binary(max_size=12), TYPED, st.binary(max_size=12))
def test_any_secret(before: bytes, secret: bytes, after: bytes) -> None:
    """No part of any secret is left, and every line end is."""
    text = (before + secret + after).decode("utf-8", "surrogateescape")

    left = Fingerprint(secret).redact(text)

    assert "<redacted>" in left
    assert secret not in left.replace("<redacted>", "\0").encode("utf-8", "surrogateescape") or b"\0" in secret
    assert text.count("\n") == left.count("\n")


@given(st.text(), TYPED)
def test_the_rest(text: str, secret: bytes) -> None:
    """A text without the secret stays as it is."""
    text = text.encode("utf-8", "replace").decode()

    assert text == Fingerprint(secret).redact(text) or "<redacted>" in Fingerprint(secret).redact(text)


def test_fits() -> None:
    """The value itself is told from another form of it and from a longer one."""
    fingerprint = Fingerprint(bytearray(b"a'b"))

    assert [True, False, False] == [fingerprint.fits(value) for value in (b"a'b", b"a'\\''b", b"a'bc")]


def test_nothing_else() -> None:
    """Other text stays as it is, bytes that are not UTF-8 included; an empty secret hides nothing."""
    assert "a\udcff ä\n" == redacted("a\udcff ä\n")
    assert "abc" == redacted("abc", "")
    assert "<redacted>x" == redacted("pwpwx", "pw")
    assert SECRET not in repr(Fingerprint(SECRET.encode()))
