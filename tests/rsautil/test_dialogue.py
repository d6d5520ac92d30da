"""A question is a prompt at rest; it is answered once; what comes behind the answer is kept without the mask."""

from __future__ import annotations

import pytest

from onbox.rsautil.dialogue import LONGEST, REST_SECONDS, Dialogue, Line
from onbox.rsautil.evidence import speaks_of_change, weigh
from onbox.rsautil.verdict import ASKS_PASSWORD as PROMPT
from onbox.rsautil.verdict import ASKS_USERNAME as NAME

P, N = PROMPT.encode(), NAME.encode()
STEP = 1 / 16  # exact, so that sums are


class Table:
    """A dialogue with a clock of its own; what is written stays for some seconds before the next piece comes."""

    def __init__(self) -> None:
        """Begin at 0."""
        self.dialogue = Dialogue((NAME, PROMPT))
        self.now = 0.0
        self.typed: list[str] = []

    def write(self, data: bytes, seconds: float = 0) -> None:
        """Write *data*, and look every sixteenth of a second, answering what is asked."""
        self.dialogue.line.feed(data)
        end = self.now + seconds
        while True:
            question = self.dialogue.question(self.now)
            if question:
                self.typed.append(question.prompt)
                self.dialogue.answer(question, b"Sentinel-1!")
            if self.now >= end:
                return
            self.now += STEP


@pytest.mark.parametrize(
    "pieces",
    [
        [(P + b" ", 1)],
        [(b"log4j:WARN " + P + b" ", 1)],
        [(b"\x1b[1m" + P.upper() + b"\x1b[0m \x1b[?25h", 1)],
        [(P[:7], 0.2), (P[7:30], 0.2), (P[30:], 1)],
        [(b"Loading...\r\x1b[K" + P, 1)],
        [(b"\r" + P + b" " * 10 + b"\r" + P, STEP)] * 20,
        [(P + P, STEP), *[(b"\r" + P + b" " * 51 + b"\r" + P, STEP)] * 20],
        [(b"\r\x1b[K", STEP), (P, STEP)] * 10 + [(b"", 1)],
    ],
)
def test_question(pieces: list[tuple[bytes, float]]) -> None:
    """A prompt at rest is answered, in pieces, behind other text, or drawn again and again."""
    table = Table()
    for data, seconds in pieces:
        table.write(data, seconds)

    assert [PROMPT] == table.typed
    assert not table.dialogue.asked_again


@pytest.mark.parametrize(
    "written",
    [
        P + b"\r\n",
        b"Then answer '" + P + b"' with your password",
        b"+ read -rsp '" + P + b" ' password\r\n",
        P + b" **",
        P[:-1],
        P + b"\r\x1b[K",
    ],
)
def test_no_question(written: bytes) -> None:
    """A prompt that ends its line, stands in a sentence or a trace, or is gone again is no question."""
    table = Table()
    table.write(b"x\r\n" + written, 2)

    assert [] == table.typed


def test_rest() -> None:
    """A prompt is at rest when nothing else was shown for 0.3 seconds, counted anew after each change."""
    table = Table()
    table.write(P, 4 * STEP)
    table.write(b" is the prompt", STEP)
    table.write(b"\b \b" * 14, 4 * STEP)
    assert 4 * STEP < REST_SECONDS < 5 * STEP
    assert [] == table.typed

    table.write(b"", STEP)
    assert [PROMPT] == table.typed


@pytest.mark.parametrize("between", [b"ocadmin\r\n", b""])
def test_both_questions(between: bytes) -> None:
    """The name and the password are asked for on two lines or on one."""
    table = Table()
    table.write(b"banner\r\n" + N + b" ", 1)
    table.write(between + P + b" ", 1)
    table.write(b"\r\nafter\r\n")

    assert [NAME, PROMPT] == table.typed
    assert "banner" == table.dialogue.before[0]
    assert ["", "after"] == table.dialogue.after


@pytest.mark.parametrize(
    ("behind", "again"),
    [
        (b"\r\n" + P, True),
        (b"********" + P, True),
        (b"\r\nSorry, " + P + b" ", True),
        (b"\r\x1b[K" + P + b" ", False),
        (b"***\r" + P + b"    \r" + P, False),
        (b"\r\nbanner\x1b[A\r" + P, False),
        (b"\r\nhint: " + P + b" is what you answered", False),
    ],
)
def test_asked_again(behind: bytes, again: bool) -> None:
    """The same prompt on a new line or further right asks again; drawn in its place, or not at rest, it does not."""
    table = Table()
    table.write(P + b" ", 1)
    table.write(behind, 1)

    assert ([PROMPT], again) == (table.typed, table.dialogue.asked_again)


@pytest.mark.parametrize(
    ("behind", "kept"),
    [
        (b"next\r\n", ["next"]),
        (b"************next", ["next"]),
        (b"%%%%%%%%%%%%\r\nnext", ["", "next"]),
        (b"%% Running at: am:[db] %%", ["%% Running at: am:[db] %%"]),
        (b"*\b \b**\b\b  \b\b\r\nnext", ["", "next"]),
        ("●●●●●●●●●●●\r\nnext".encode(), ["", "next"]),
        (b"\r" + P + b" ****\r" + P + b" *****\r\nnext", ["", "next"]),
        (b"\r\x1b[K" + P + b" *************** update_config", ["update_config"]),
        (b"Sentinel-1!\r\nnext", ["", "next"]),
        (b"Sentinel-1!next", ["next"]),
        (b"Using Sentinel-1!", ["Using Sentinel-1!"]),
        (b"\r" + b"." * 60 + b" ***", ["." * 60 + " ***"]),
    ],
)
def test_behind_the_answer(behind: bytes, kept: list[str]) -> None:
    """The rest of the line begins behind the prompt, and the mask at its start is not kept."""
    table = Table()
    table.write(P + b" ", 1)
    table.write(behind)
    table.dialogue.end()

    assert kept == table.dialogue.after


@pytest.mark.parametrize(
    ("prompts", "written", "kept"),
    [
        ((PROMPT,), b"line\n" * 100, ["line"] * 100),
        ((PROMPT,), b"line\n" * 150, ["line"] * 100 + ["(100 lines were kept; onbox dropped the others)"]),
        ((PROMPT,), b"\n \n\t\n" + P, [PROMPT]),
        ((), b"usage\r\n" + P, ["usage", PROMPT]),
    ],
)
def test_what_is_kept_before(prompts: tuple[str, ...], written: bytes, kept: list[str]) -> None:
    """Of what comes before the password, or of a command that is asked nothing, a hundred lines are kept.

    The line that stands for the others could hide a change, so it is a sign of one.
    """
    dialogue = Dialogue(prompts)
    dialogue.line.feed(written)
    dialogue.end()

    assert (kept, []) == (dialogue.before, dialogue.after)
    assert speaks_of_change(dialogue.before) == (len(kept) > 100)


@pytest.mark.parametrize(("lines", "kept", "last"), [(400, 400, "line"), (402, 401, "(400 lines were kept")])
def test_what_is_kept_after(lines: int, kept: int, last: str) -> None:
    """The first lines after the password are kept, and a line that no setting makes harmless stands for the others."""
    table = Table()
    table.write(P, 1)
    table.write(b"line\n" * lines)
    table.dialogue.end()

    assert (kept, True) == (len(table.dialogue.after), table.dialogue.after[-1].startswith(last))
    assert bool(weigh(table.dialogue.after[400:], ("(400*",)).not_understood) == (lines > 400)


def draw(data: bytes) -> tuple[list[tuple[int, str]], str, int]:
    """Return the finished lines with their rows, the line at the end, and its column."""
    finished: list[tuple[int, str]] = []
    line = Line(lambda row, text: finished.append((row, text)))
    line.feed(data)
    return finished, line.text, line.column


@pytest.mark.parametrize(
    ("written", "shown", "column"),
    [
        (b"abc\rX", "Xbc", 1),
        (b"abc\b\bX", "aXc", 2),
        (b"a\tb", "a       b", 9),
        (b"\a\x00a\x7f", "a", 1),
        # erase and move
        (b"abc\b\b\x1b[K", "a", 1),
        (b"abc\b\b\x1b[1Kx", " xc", 2),
        (b"abc\r\x1b[J", "", 0),
        (b"a\x1b[3Cb\x1b[2Dc\x1b[Gd\x1b[5`e", "d  ce", 5),
        (b"abcd\r\x1b[2Xx", "x cd", 1),
        # what no line shows
        (b"\x1b[31;1mred\x1b[0m\x1b(B\x1b=\x1b[?2004h", "red", 3),
        (b"\x1b]0;title\x07a\x1b]0;title\x1b\\b\x1bP1;2q\x1b\\c\x1b]0;open\x1b[mx", "abcx", 4),
        (b"zero\xe2\x80\x8bwidth\xe2\x80\xae\xef\xbb\xbf\xc2\x9b", "zerowidth", 9),
        # bytes
        ("Schlüssel ✓".encode(), "Schlüssel ✓", 11),
        (b"\xff\xc3", "\udcff", 1),
        (b"\xc2\x00\x80", "\udcc2\udc80", 2),
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
    """An ellipsis stands for the end of a line that is too long, and no number makes it longer."""
    _, shown, column = draw(b"a\x1b[99999Cb\x1b[99999`c" + b"." * 20_000)

    assert (LONGEST + 1, "\u2026", LONGEST) == (len(shown), shown[-1], column)


def test_escape_without_end() -> None:
    """An escape sequence that is never ended does not hold up the text behind it for ever."""
    assert "1" in draw(b"\x1b[" + b"1;" * 5000)[1]
