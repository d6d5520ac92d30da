"""What the dialogue takes from a terminal: lines without controls and secrets, and prompts, however they are cut."""

from __future__ import annotations

import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_terminal import NAME, PASSWORD, PROMPT

from onbox.rsautil.terminal import _CONTEXT, _LONGEST, _LONGEST_KEPT, _MOST, Script, _Reader, plain
from onbox.secret import Secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("a\tb", "a b"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]0;title\x1b\\after", "after"),
        ("\x1bP1;2q\x1b\\after", "after"),
        ("\x1b(Bascii", "ascii"),
        ("\x1b7saved\x1b8", "saved"),
        ("back\x08space\x7f\x00\x9b", "backspace"),
        ("zero\u200bwidth \u202eover\u2066ride\ufeff", "zerowidth override"),
        ("Schlüssel \u2713", "Schlüssel \u2713"),
        ("\x1b", ""),
    ],
)
def test_plain(text: str, shown: str) -> None:
    """Escape sequences and control characters are taken out, all else stays."""
    assert shown == plain(text)


@given(st.text() | st.text(st.sampled_from("\x1b[]0;m\x07\\\x9bA\u202e")))
def test_plain_is_plain(text: str) -> None:
    """Nothing that a terminal acts on comes through."""
    shown = plain(text)

    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    assert shown == plain(shown)


def read(said: bytes, size: int = 1024) -> tuple[_Reader, list[bytes]]:
    """Return a reader that was fed in pieces of *size*, and the lines that it typed."""
    secret = Secret(PASSWORD)
    answers = {NAME: b"ocadmin".strip, PROMPT: secret.reveal}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subject = _Reader(Script(answers, lambda line: "ERROR" in line, secret.fingerprint().redact), ours.fileno())
        for start in range(0, len(said), size):
            theirs.sendall(said[start : start + size])
            assert subject.read()
        subject.end_line()
        ours.shutdown(socket.SHUT_WR)
        return subject, theirs.recv(1024).splitlines(keepends=True)


NOISE = st.sampled_from([
    b"\r\n", b"\n", NAME.encode(), PROMPT.encode(), PROMPT.upper().encode(), b"ERROR: x", b"\x1b[", b"\xff",
    b"\xc3", b"\xa4", PASSWORD.encode(), b":", b" ", b"." * 1001, b"." * 9000,
])  # fmt: skip
SAID = st.lists(NOISE | st.binary(max_size=10), max_size=12).map(b"".join)


@given(SAID, st.integers(5, 5000))
@example(PROMPT.encode() * 2, 1)
@example(b"\xc2\x00\x80", 5)
def test_reader(said: bytes, size: int) -> None:
    """Whatever is said: each prompt is answered once at most, and what is kept is plain, short and harmless."""
    subject, typed = read(said, size)

    assert len(subject.answered) == len(set(subject.answered)) == len(typed)
    right = {NAME: b"ocadmin\n", PROMPT: PASSWORD.encode() + b"\n"}
    assert [right[prompt] for prompt in subject.answered] == typed
    assert all(len(line) <= _LONGEST_KEPT and line == plain(line) for line in subject.lines)
    assert not any(PASSWORD in line for line in subject.lines)
    assert (PROMPT.lower() in said.decode("latin-1").lower()) >= (PROMPT in subject.answered)


@given(SAID)
def test_pieces_do_not_matter(said: bytes) -> None:
    """However the output is cut into pieces, the same is kept and typed."""
    one, typed = read(said, 7)
    whole, typed_at_once = read(said, 60_000)

    assert (one.lines, one.partial, typed) == (whole.lines, whole.partial, typed_at_once)


@pytest.mark.parametrize(
    ("said", "kept", "partial"),
    [
        (b"line\n" * _CONTEXT, _CONTEXT, False),
        (b"line\n" * (_CONTEXT + 5), _CONTEXT, False),
        (b"line\n" * _CONTEXT + b"ERROR\n", _CONTEXT + 1, False),
        (b"ERROR\n" * _MOST, _MOST, False),
        (b"ERROR\n" * (_MOST + 1), _MOST, True),
        (b"\n \n\t\r\n", 0, False),
        (b"." * _LONGEST_KEPT, 1, False),
        (b"." * (_LONGEST_KEPT + 1), 1, True),
        (b"." * (_LONGEST + 1), 1, True),
        (PASSWORD.encode() * (_LONGEST // len(PASSWORD)), 1, True),
    ],
)
def test_what_is_kept(said: bytes, kept: int, partial: bool) -> None:
    """The first hundred lines are kept, then those that decide; what weighs and is lost is not hidden."""
    subject, _ = read(said)

    assert (kept, partial) == (len(subject.lines), subject.partial)


def test_name_of_the_longest_prompt() -> None:
    """Behind more than a reader holds of one line no prompt is seen, and none is answered by mistake."""
    assert [] == read(b"." * _LONGEST + PROMPT.encode())[1]
