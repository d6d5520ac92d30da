"""A line is what a screen would show of it, however the output is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.rsautil.line import LONGEST, Line


def draw(data: bytes, size: int = 100_000) -> tuple[list[tuple[int, str]], str, int]:
    """Return the finished lines with their rows, the line at the end, and its column; *data* comes in pieces."""
    finished: list[tuple[int, str]] = []
    line = Line(lambda row, text: finished.append((row, text)))
    for start in range(0, len(data), size):
        line.feed(data[start : start + size])
    return finished, line.text, line.column


@pytest.mark.parametrize(
    ("written", "shown", "column"),
    [
        (b"", "", 0),
        (b"ab  ", "ab", 4),
        (b"abc\rX", "Xbc", 1),
        (b"abc\b\bX", "aXc", 2),
        (b"\b\ba", "a", 1),
        (b"a\tb", "a       b", 9),
        (b"\a\x00a\x7f", "a", 1),
        # erase and move
        (b"abc\b\b\x1b[K", "a", 1),
        (b"abc\b\b\x1b[1Kx", " xc", 2),
        (b"abc\x1b[2K\rx", "x", 1),
        (b"abc\r\x1b[J", "", 0),
        (b"abc\x1b[2Jx", "   x", 4),
        (b"a\x1b[3Cb\x1b[2Dc\x1b[Gd\x1b[5`e", "d  ce", 5),
        (b"a\x1b[99D\x1b[0Cb", "ab", 2),
        (b"abcd\r\x1b[2Xx", "x cd", 1),
        # what no line shows
        (b"\x1b[31;1mred\x1b[0m\x1b(B\x1b=\x1b[?2004h", "red", 3),
        (b"\x1b]0;title\x07a\x1b]0;title\x1b\\b\x1bP1;2q\x1b\\c\x1b]0;open\x1b[mx", "abcx", 4),
        (b"zero\xe2\x80\x8bwidth\xe2\x80\xae\xef\xbb\xbf\xc2\x9b", "zerowidth", 9),
        # bytes
        ("Schlüssel ✓".encode(), "Schlüssel ✓", 11),
        (b"\xff\xc3", "\udcff", 1),
        (b"\xc2\x00\x80", "\udcc2\udc80", 2),
        (b"\x1b", "", 0),
        (b"\x1b\ra", "a", 1),
    ],
)
def test_drawn(written: bytes, shown: str, column: int) -> None:
    """Characters replace others in their place; controls move the cursor, erase, or show nothing."""
    assert ([], shown, column) == draw(written)


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        (b"a\r\nb\vc\fd", [(0, "a"), (1, "b"), (2, "c"), (3, "d")]),
        (b"\x1b]0;never ended\r\nb", [(0, ""), (1, "b")]),
        (b"a\n  b\x1b[Ac\x1b[2Bd", [(0, "a"), (1, "  b"), (0, "   c"), (2, "    d")]),
        (b"a\nb\x1b[Fc\x1b[Ed\x1b[Hx\x1b[3dy", [(0, "a"), (1, "b"), (0, "c"), (1, "d"), (2, "x"), (5, " y")]),
    ],
)
def test_finished(written: bytes, rows: list[tuple[int, str]]) -> None:
    """A line is finished when its row is left; a row above that is drawn again has its old number."""
    finished, _, _ = draw(written + b"\n")

    assert rows == finished


def test_long_line() -> None:
    """A line that is too long is cut, and no number makes it longer."""
    line = Line(lambda _row, _text: None)
    line.feed(b"a\x1b[99999Cb\x1b[99999`c" + b"." * 20_000)

    assert (LONGEST, True) == (len(line.text), line.cut)


def test_escape_without_end() -> None:
    """An escape sequence that is never ended does not hold up the text behind it for ever."""
    assert "1" in draw(b"\x1b[" + b"1;" * 5000)[1]


WRITTEN = st.lists(
    st.sampled_from([b"\r", b"\n", b"\b", b"\t", b"\x1b", b"\x1b[", b"\x1b[K", b"\x1b[A", b"\x1b]", b"\x07"])
    | st.binary(max_size=4)
    | st.text(max_size=4).map(str.encode),
    max_size=20,
).map(b"".join)


@given(WRITTEN, st.integers(1, 7))
def test_pieces(written: bytes, size: int) -> None:
    """However the output is cut, the same is drawn, and nothing that a screen acts on."""
    whole = draw(written)

    assert whole == draw(written, size)
    assert not [text for _, text in whole[0] if any(ord(each) < 32 or 127 <= ord(each) < 160 for each in text)]
