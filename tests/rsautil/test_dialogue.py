"""A question is a prompt at rest; it is answered once; what comes behind the answer is kept without the mask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.rsautil.dialogue import REST_SECONDS, Dialogue
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
        self.dialogue.take(data)
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
        [(P, 1)],
        [(P + b" ", 1)],
        [(b"log4j:WARN " + P + b" ", 1)],
        [(b"\x1b[1m" + P.upper() + b"\x1b[0m \x1b[?25h", 1)],
        [(P[:7], 0.2), (P[7:30], 0.2), (P[30:], 1)],
        [(b"Loading...\r\x1b[K" + P, 1)],
        [(b"spinner\b\b\b\b\b\b\b" + P, 1)],
        [(b"\r" + P + b" " * 10 + b"\r" + P, STEP)] * 20,
        [(P + P, STEP), *[(b"\r" + P + b" " * 51 + b"\r" + P, STEP)] * 20],
        [(b"\r\x1b[K", STEP), (P, STEP)] * 10 + [(b"", 1)],
        [(b"\r" + b" " * 50 + b"\r", STEP), (b"\r" + P, STEP)] * 10 + [(b"", 1)],
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
        b'+ printf "' + P + b'"',
        P + b" **",
        P[:-1],
        b"\x1b]0;" + P,
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


@pytest.mark.parametrize("between", [b"ocadmin\r\n", b"\r\n", b""])
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
        (b"\r\nWrong.\r\n" + P + b" ", True),
        (P + b" ", True),
        (b"********" + P, True),
        (b"\r\nSorry, " + P + b" ", True),
        (b"\r" + P, False),
        (b"\r\x1b[K" + P + b" ", False),
        (b"***\r" + P + b"    \r" + P, False),
        (b"\r\nbanner\x1b[A\r" + P, False),
        (b"\r\nhint: " + P + b" is what you answered", False),
        (b"\r\n" + P + b"\r\n", False),
    ],
)
def test_asked_again(behind: bytes, again: bool) -> None:
    """The same prompt on a new line or further right asks again; drawn in its place, or not at rest, it does not."""
    table = Table()
    table.write(P + b" ", 1)
    table.write(behind, 1)

    assert ([PROMPT], again) == (table.typed, table.dialogue.asked_again)


def test_asked_again_at_the_end() -> None:
    """A program that asks again and ends has asked again, however little time the prompt stood."""
    table = Table()
    table.write(P, 1)
    table.write(b"\r\n" + P + b" ")
    table.dialogue.end()

    assert table.dialogue.asked_again


@pytest.mark.parametrize(
    ("behind", "kept"),
    [
        (b"\r\nnext\r\n", ["", "next"]),
        (b"next\r\n", ["next"]),
        (b"************\r\nnext", ["", "next"]),
        (b"************next", ["next"]),
        (b"%%%%%%%%%%%%\r\nnext", ["", "next"]),
        (b"%% Running at: am:[db] %%", ["%% Running at: am:[db] %%"]),
        (b"* * * * next", ["next"]),
        (b"*\b \b**\b\b  \b\b\r\nnext", ["", "next"]),
        (b"xxxxxxxxxxxx\r\n", [""]),
        ("●●●●●●●●●●●\r\nnext".encode(), ["", "next"]),
        (b"\r" + P + b" ****\r" + P + b" *****\r\nnext", ["", "next"]),
        (b"\r\x1b[K" + P + b" *************** update_config", ["update_config"]),
        (b" update_config", ["update_config"]),
        (b"Sentinel-1!\r\nnext", ["", "next"]),
        (b"Sentinel-1!next", ["next"]),
        (b"Using Sentinel-1!", ["Using Sentinel-1!"]),
        (b"\rother text that covers the prompt of the row: ***", None),
    ],
)
def test_behind_the_answer(behind: bytes, kept: list[str] | None) -> None:
    """The rest of the line begins behind the prompt, and the mask at its start is not kept."""
    table = Table()
    table.write(P + b" ", 1)
    table.write(behind)
    table.dialogue.end()

    if kept is not None:
        assert kept == table.dialogue.after
    assert not any("****" in line for line in table.dialogue.after if kept)


@pytest.mark.parametrize(
    ("written", "before", "after", "partial"),
    [
        (b"line\n" * 150, 100, 0, False),
        (b"x" * 9000 + b"\n", 1, 0, False),
        (b"\n \n\t\n", 0, 0, False),
        (P, 1, 0, False),
    ],
)
def test_what_is_kept_before(written: bytes, before: int, after: int, partial: bool) -> None:
    """Of what comes before the password a hundred lines are kept; none of them weighs."""
    dialogue = Dialogue((PROMPT,))
    dialogue.take(written)
    dialogue.end()

    assert (before, after, partial) == (len(dialogue.before), len(dialogue.after), dialogue.partial)


@pytest.mark.parametrize(
    ("written", "after", "partial"),
    [
        (b"\n" + b"line\n" * 399, 400, False),
        (b"\n" + b"line\n" * 400, 400, True),
        (b"\n" + b"x" * 8192, 2, False),
        (b"\n" + b"x" * 8193, 2, True),
    ],
)
def test_what_is_kept_after(written: bytes, after: int, partial: bool) -> None:
    """The output after the password is kept, and it is known if any of it is missing."""
    table = Table()
    table.write(P, 1)
    table.write(written)
    table.dialogue.end()

    assert (after, partial) == (len(table.dialogue.after), table.dialogue.partial)


def test_without_prompts() -> None:
    """A command that is asked nothing has all its lines before any answer."""
    dialogue = Dialogue(())
    dialogue.take(b"usage\r\n" + P)
    dialogue.end()

    assert (["usage", PROMPT], []) == (dialogue.before, dialogue.after)


NOISE = st.sampled_from(
    [b"\r\n", b"\r", b"\b", b" ", b"*", b"\x1b[K", b"\x1b[A", b"\x1b[", N, P, P[:20], P[20:], P.upper(), b"." * 9000]
)


@given(st.lists(st.tuples(NOISE | st.binary(max_size=5), st.sampled_from([0, 0.1, 0.4])), max_size=12))
def test_answered_once(written: list[tuple[bytes, float]]) -> None:
    """Each prompt is answered at most once, and only if it was written."""
    table = Table()
    for data, seconds in written:
        table.write(data, seconds)
    table.dialogue.end()

    assert len(set(table.typed)) == len(table.typed)
    assert list(table.dialogue.answered) == table.typed
    assert all(b"please" in b"".join(data for data, _ in written).lower() for _ in table.typed)
