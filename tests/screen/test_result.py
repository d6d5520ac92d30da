"""How a run ended, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onbox.errors import message
from onbox.screen.console import Console
from onbox.screen.result import Ending

if TYPE_CHECKING:
    from onbox.errors import Code

CONFIRMED = message("update-confirmed")
NOTICE = 'psql.bin:/tmp/1234.sql:108: NOTICE:  Updated "x" with the value "0"'


def shown(ending: Ending, name: str) -> list[str]:
    """Return what stands behind *name*."""
    return [text for _, each, text in ending.rows() if each == name]


@pytest.mark.parametrize(
    ("evidence", "essence"),
    [
        ((NOTICE, " update_config", "(1 row)"), [NOTICE.partition("108: ")[2]]),
        (("a  b", " c", "d", "e"), ["a  b", " c", "d"]),
    ],
)
def test_the_essence_is_what_psql_calls_grave_or_comes_first(evidence: tuple[str, ...], essence: list[str]) -> None:
    """The name of a temporary file in front, and lines that say less, are not in it."""
    assert essence == shown(Ending("r", CONFIRMED, evidence), "rsautil")


def test_lines_that_are_not_understood_stand_before_the_verdict() -> None:
    """They explain an unknown outcome; the screen shows the first ten, and where all of them are."""
    lines = tuple(f"line {number}" for number in range(13))
    rows = list(Ending("r", message("update-timeout", run="r", timeout=1), (), lines).rows())
    names = [name for _, name, _ in rows]

    assert list(lines[:10]) == [text for state, name, text in rows if (state, name) == ("warning", "rsautil")]
    assert names.index("Unknown") < names.index("rsautil")
    assert ("", "", "All of it: onbox audit show r") in rows


@pytest.mark.parametrize(
    ("code", "state", "mark"),
    [
        ("update-confirmed", "", "ok"),
        ("update-confirmed", "warning", "!"),
        ("update-timeout", "", "!"),
        ("update-sql-error", "", "!!"),
        ("not-confirmed", "", "!!"),
        ("check-passed", "", "ok"),
    ],
)
def test_the_result_names_its_code_and_what_was_changed(
    code: Code, state: str, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only a success is marked as one, unless there are warnings; without advice there is no next step."""
    words = message(code, run="r", timeout=1, host="here", detail="all is well")

    Console().result([(state, "Note", "text")], words, words.exit_code.changed)

    shown = " ".join(capsys.readouterr().out.partition("text\n")[2].split())
    said = " ".join(filter(None, (words.what, words.exit_code.changed, f"({code})")))
    assert f"{mark} Result {said}{' Next ' if words.advice else ''}{words.advice}" == shown
