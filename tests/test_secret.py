"""A secret never prints itself, and is forgotten."""

from __future__ import annotations

import copy
import json
import pickle
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.secret import Fingerprint, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "Sentinel-1!"


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%r".__mod__])
def test_never_printed(show: Callable[[Any], str]) -> None:
    """No representation shows the value, nor does that of its fingerprint."""
    secret = Secret(PASSWORD)

    assert "<secret>" == show(secret)
    assert PASSWORD not in show(secret.fingerprint())


@pytest.mark.parametrize("carry", [copy.copy, copy.deepcopy, pickle.dumps])
def test_not_copied(carry: Callable[[Secret], object]) -> None:
    """It can't be copied or written anywhere."""
    with pytest.raises(TypeError, match="a secret is not copied"):
        carry(Secret(PASSWORD))


def test_surrender() -> None:
    """It gives its value as often as asked, and once more when it surrenders it; then it is overwritten in place."""
    secret = Secret(PASSWORD)
    assert [PASSWORD.encode()] * 2 == [secret.reveal(), secret.reveal()]
    held = memoryview(secret._value)

    with pytest.raises(BufferError):  # the view keeps the place from being freed
        secret.surrender()

    assert bytes(len(PASSWORD)) == held.tobytes()
    held.release()
    secret.forget()
    assert b"" == secret.reveal()
    assert PASSWORD.encode() == Secret(PASSWORD).surrender()


@pytest.mark.parametrize(
    ("secret", "text", "occurs"),
    [
        (PASSWORD, "", False),
        (PASSWORD, f"it was {PASSWORD}, now changed", True),
        (PASSWORD, "SENTINEL-1!", True),
        (PASSWORD, "\uff33entinel-1!", True),
        ("Sentinel-1! ", PASSWORD, True),
        ("  ", "any thing", False),
        ("Stra\u00dfe-1!", "STRASSE-1!", True),
        ("p\udce4ss", "p\udce4ss", True),
    ],
)
def test_found_in_what_was_typed_visibly(secret: str, text: str, occurs: bool) -> None:
    """A text contains the secret in any case of letters, and without the blanks that were cut off the text's ends."""
    assert occurs == Secret(secret).occurs_in(text)


@pytest.mark.parametrize(("again", "same"), [("a'b", True), ("a'\\''b", False), ("a'bc", False), ("p\udce4ss", False)])
def test_typed_again(again: str, same: bool) -> None:
    """The same secret has the same digest; another form of it is another secret."""
    assert same == (Secret("a'b").fingerprint().digest == Secret(again).fingerprint().digest)


ODD = 'it\'s "a" $ec#ret\\`<&>'


@pytest.mark.parametrize(
    "written",
    [
        ODD,
        shlex.quote(ODD)[1:-1],
        ODD.replace("'", "'\\''"),
        r"it\'s\ \"a\"\ \$ec#ret\\\`\<\&\>",
        'it\'s \\"a\\" \\$ec#ret\\\\\\`<&>',
        json.dumps(ODD)[1:-1],
        "\n".join(ODD),
        ODD * 2,
    ],
)
def test_redacted(written: str) -> None:
    """A secret is found as it is, as shells and their traces quote it, and broken by lines."""
    left = Fingerprint(ODD.encode()).redact(f"+ PGPASSWORD='{written}' psql\n\udcff \u00e4")

    assert "+ PGPASSWORD='<redacted>' psql\n\udcff \u00e4" == left


@given(st.binary(max_size=12), st.binary(min_size=1, max_size=12), st.binary(max_size=12))
def test_any_secret(before: bytes, secret: bytes, after: bytes) -> None:
    """No part of any secret is left."""
    secret = secret.replace(b"\n", b"\0")

    left = Fingerprint(secret).redact((before + secret + after).decode("utf-8", "surrogateescape"))

    assert "<redacted>" in left
    assert secret not in left.replace("<redacted>", "\n").encode("utf-8", "surrogateescape")


def test_nothing_to_redact() -> None:
    """Other text stays as it is, and neither an empty secret nor one of little but quotes hides it."""
    assert "abc" == Fingerprint(b"").redact("abc") == Fingerprint(b"abcd").redact("abc")
    assert "abc" == Fingerprint(b"''a").redact("abc")
