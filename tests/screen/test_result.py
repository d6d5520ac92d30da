"""How a run ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from onbox.messages import message
from onbox.screen.result import _UNRECOGNISED, Ending

if TYPE_CHECKING:
    from onbox.errors import Code

CONFIRMED = message("update-confirmed")
NOTICE = 'psql.bin:/tmp/1234.sql:108: NOTICE:  Updated "x" with the value "0"'


def test_the_essence_begins_where_psql_says_how_grave_it_is() -> None:
    """The name of a temporary file in front, and lines that say less, stay in the record."""
    ending = Ending("r", CONFIRMED, (NOTICE, " update_config", "(1 row)"))

    assert ['NOTICE: Updated "x" with the value "0"'] == ending.essence()


def test_without_such_a_line_the_first_three_are_the_essence() -> None:
    """An answer in other words is shown too, as far as the screen goes."""
    assert ["a b", "c", "d"] == Ending("r", CONFIRMED, ("a  b", " c", "d", "e")).essence()


def test_below_the_verdict_stands_what_to_do_and_the_run() -> None:
    """A person needs the advice, and whoever helps them needs the run."""
    assert [("Next", CONFIRMED.advice), ("Run", "r")] == Ending("r", CONFIRMED).rows()


def test_an_answer_nobody_has_seen_yet_can_be_found_and_reported() -> None:
    """Accepted and unknown outcomes say where the transcript is."""
    for code in _UNRECOGNISED:
        rows = dict(Ending("r", message(code, run="r")).rows())

        assert "onbox audit show r" == rows["Transcript"]


def test_the_mark_follows_the_outcome() -> None:
    """Only a success is marked as one."""
    facts = {"run": "r", "timeout": 1, "host": "here"}
    codes: tuple[Code, ...] = ("update-confirmed", "update-timeout", "update-sql-error", "not-confirmed")

    assert ["ok", "warning", "error", "error"] == [Ending("r", message(code, **facts)).state for code in codes]


def test_a_program_is_told_what_a_person_is_told() -> None:
    """The JSON members are complete, and a record that no journal took is among them only when there is one."""
    ending = Ending("r", CONFIRMED, (NOTICE,), ("careful",))

    assert {
        "run": "r",
        "outcome": "success",
        "code": "update-confirmed",
        "message": CONFIRMED.what,
        "changed": "",
        "evidence": [NOTICE],
        "advice": CONFIRMED.advice,
        "warnings": ["careful"],
        "seq": None,
        "hash": None,
    } == ending.as_json()
    assert {"seq": None} == Ending("r", CONFIRMED, unrecorded=json.dumps({"seq": None})).as_json()["record"]
