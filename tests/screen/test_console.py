"""What the person sees and is asked."""

from __future__ import annotations

import errno
import io
import re
import sys
from typing import TYPE_CHECKING

import pexpect
import pytest
from hypothesis import given
from hypothesis import strategies as some

from onbox.messages import message
from onbox.screen.console import Console, clipped
from onbox.screen.result import Ending

if TYPE_CHECKING:
    from rehearsal import Onbox

ESCAPE = "\x1b"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Terminal:
    """Put a terminal in place of standard output, in an environment that holds nothing else about it."""
    for name in ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    return terminal


UTF8 = {"TERM": "xterm", "LANG": "en_US.UTF-8"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (UTF8, f"{ESCAPE}[32m\u2713 {ESCAPE}[0m Update     \u00e9\n"),
        (UTF8 | {"TERM": "linux"}, f"{ESCAPE}[32mok{ESCAPE}[0m Update     \u00e9\n"),
        (UTF8 | {"NO_COLOR": "1"}, "ok Update     \\xe9\n"),
        (UTF8 | {"NO_COLOR": ""}, f"{ESCAPE}[32m\u2713 {ESCAPE}[0m Update     \u00e9\n"),
        (UTF8 | {"TERM": "dumb"}, "ok Update     \\xe9\n"),
        ({"LANG": "en_US.UTF-8"}, "ok Update     \\xe9\n"),
        (UTF8 | {"LANG": "C"}, "ok Update     \\xe9\n"),
        (UTF8 | {"LC_ALL": "C"}, "ok Update     \\xe9\n"),
        (UTF8 | {"LANG": "C", "LC_CTYPE": "de_DE.utf8"}, f"{ESCAPE}[32m\u2713 {ESCAPE}[0m Update     \u00e9\n"),
        (UTF8 | {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "ok Update     \\xe9\n"),
    ],
)
def test_colours_and_marks_follow_the_terminal(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain ASCII without control codes wherever anything speaks against more.

    Python sets LC_CTYPE=C.UTF-8 by itself in the C locale, so that one says nothing.
    """
    terminal = at_terminal(monkeypatch, **environment)
    Console().step("ok", "Update", "\u00e9")

    assert expected == terminal.getvalue()


def test_a_redirected_output_is_plain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets no colours, whatever the terminal could."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    console = Console()
    console.step("error", "Result", "No.")
    with console.working("Update", "silence") as tick:
        tick(7)

    assert "!! Result     No.\n.. Update     silence\n" == capsys.readouterr().out


def test_under_json_standard_output_stays_free(capsys: pytest.CaptureFixture[str]) -> None:
    """Progress goes to standard error."""
    Console(json=True).say("working")

    assert ("", "working\n") == capsys.readouterr()


@given(some.text(max_size=300), some.integers(0, 20))
def test_no_line_is_too_wide_or_ends_in_spaces(text: str, indent: int) -> None:
    """Whatever is shown fits 79 columns of 80 and holds nothing that a terminal acts upon."""
    with pytest.MonkeyPatch.context() as patch:
        terminal = at_terminal(patch, TERM="dumb")
        console = Console()
        console.say(text, indent=indent)
        console.step("ok", "Update", text)
        console.facts([("Note", text)])
    lines = terminal.getvalue().split("\n")

    assert all(len(line) <= 79 and line == line.rstrip() for line in lines)
    assert "".join(lines).isprintable()


def test_a_long_text_hangs_below_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The eye finds the names at the left."""
    terminal = at_terminal(monkeypatch, **UTF8)
    Console().facts([("Reason", "word " * 20)])

    assert ["Reason        " + "word " * 12 + "word", " " * 14 + "word " * 6 + "word", ""] == terminal.getvalue().split(
        "\n"
    )


@given(some.text(), some.integers(20, 100))
def test_clipped_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    """The beginning says what, and the end how much."""
    shown = clipped(text, width)

    assert len(shown) <= width
    assert shown == text or (
        text.startswith(shown.partition(" ... ")[0]) and text.endswith(shown.rpartition(" ... ")[2])
    )


def test_a_table_is_aligned_and_ends_with_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are as wide as they must be; what does not fit is cut."""
    terminal = at_terminal(monkeypatch, **UTF8)
    Console().table(("a", "bb"), [("xxx", "y"), ("z", "w" * 100)])

    assert ["a    bb", "xxx  y", "z    " + "w" * 74, ""] == terminal.getvalue().split("\n")


def test_the_seconds_are_shown_on_one_line_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes its time is drawn at most four times a second, and leaves nothing behind."""
    terminal = at_terminal(monkeypatch, **UTF8)
    with Console().working("Update", "silence " * 20) as tick:
        for seconds in (0, 0.1, 12):
            tick(seconds)
    drawn = re.sub(r"\x1b\[\d+m", "", terminal.getvalue()).split("\r")

    assert [f"{mark}  Update     " for mark in "||"] == [line[:14] for line in drawn[1:3]]
    assert drawn[2].endswith("(12 s)\x1b[K")
    assert max(map(len, drawn)) <= 79 + len("\x1b[K")
    assert ["", "\x1b[K"] == [drawn[0], drawn[3]]


def test_a_terminal_that_is_gone_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is changing something goes on."""

    class Gone(Terminal):
        def write(self, _: str) -> int:
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(sys, "stdout", Gone())
    Console().say("still here")


def test_a_closed_output_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python has no stream at all then."""
    monkeypatch.setattr(sys, "stdout", None)
    Console().say("still here")


def test_the_end_tells_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    """What rsautil said, warnings, the verdict, what to do, the run, and a record to be kept."""
    words = message("result-unrecorded", detail="full", what="Done.")
    Console().ending(Ending("r-1", words, ("ERROR:  no",), ("no copy",), unrecorded='{"seq":null}'))

    names = [(line[:2].strip(), line[3:14].strip()) for line in capsys.readouterr().out.splitlines()]
    assert [("", "rsautil"), ("!", "Note"), ("!", "Result"), ("", "Next"), ("", "Run")] == [
        (mark, name) for mark, name in names if name and mark != '{"'
    ]


@pytest.mark.parametrize("prompt", ["Operations Console administrator: ", "Password of .*: "])
def test_a_question_without_an_answer_ends_the_run(onbox: Onbox, prompt: str) -> None:
    """^D is no answer; what follows begins a line of its own."""
    arguments = ("resync",) if prompt.startswith("Op") else ("resync", "-o", "ocadmin")
    child = onbox.spawn(*arguments)
    child.expect(prompt)
    child.sendeof()
    child.expect("\r\n(.*) Result     A question was not answered")
    child.expect(pexpect.EOF)
    child.close()

    assert 3 == child.exitstatus


def test_an_answer_is_taken_without_the_spaces_around_it(onbox: Onbox, answers: dict[str, str]) -> None:
    """A space that slipped in must not make a name another one."""
    answers["Operations Console administrator: "] = "  ocadmin "

    assert 0 == onbox("resync", answers=answers).exit_code
