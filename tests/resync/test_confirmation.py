"""Nothing is changed before it is clear why, what exactly happens, and on which host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

import pytest
from appliance.make import ADMIN
from rehearsal import ANSWERS

from onbox.resync.session import REASONS, Reason

if TYPE_CHECKING:
    from rehearsal import Onbox, Run

HOST = os.uname().nodename
ASKS_REASON, ASKS_HOST = r"Reason \[1-5\]: ", r"Type the host name to go ahead: "


@pytest.mark.parametrize(
    ("option", "code", "exit_code"),
    [
        ("--note=" + "x" * 401, "text-too-long", 2),
        ("--ticket=" + "x" * 101, "text-too-long", 2),
        ("--admin=", "admin-name", 2),
        ("--admin=-p", "admin-name", 2),
        ("--confirm=elsewhere", "not-confirmed", 3),
        ("--confirm=", "not-confirmed", 3),
    ],
)
def test_not_usable(onbox: Onbox, option: str, code: str, exit_code: int) -> None:
    """An option whose value cannot be right is refused before anything is asked, and not recorded."""
    run = onbox("resync", option)

    (record,) = onbox.machine.journal()
    assert (exit_code, code) == (run.exit_code, record["code"])
    assert "administrator:" not in run.screen
    assert (None, None, None) == (record["note"], record["ticket"], record["actor"]["admin"])


def confirmed(onbox: Onbox, *arguments: str, **answers: str) -> Run:
    """Run onbox with these answers to the questions before the update."""
    login = {prompt: text for prompt, text in ANSWERS.items() if prompt not in (ASKS_REASON, ASKS_HOST)}
    return onbox("resync", *arguments, answers=login | answers)


def recorded(onbox: Onbox) -> tuple[str, str | None, str | None, str | None]:
    """Return the event, the reason, the note and the ticket of the last record."""
    last = onbox.machine.journal()[-1]
    return last["event"], last["reason"], last["note"], last["ticket"]


def test_given(onbox: Onbox) -> None:
    """An answer given on the command line is not asked for, and is shown; the longest texts fit a record."""
    note, ticket = "tidy \x1b[31mup ".ljust(399, "x") + "y", "CHG-1".ljust(100, "x")
    given = ("--reason", "other", "--note", note, "--ticket", ticket, "--confirm", HOST)
    run = confirmed(onbox, "-o", ADMIN, *given)

    assert 0 == run.exit_code
    assert ("resync.result", "other", note, ticket) == recorded(onbox)
    assert r"tidy \x1b[31mup" in run.screen
    assert "CHG-1" in run.screen


def test_last_run(onbox: Onbox) -> None:
    """The reasons are spelled out, and before the confirmation the last run is shown: when, who, how it ended."""
    first = confirmed(onbox, "--ticket", " CHG-1 ", "--note", "   ", **{ASKS_REASON: "2", ASKS_HOST: HOST})
    last = onbox.machine.journal()[-1]
    when = last["time"][:16].replace("T", " ")
    shown = f"Last run {when} UTC by {ADMIN}: confirmed (update-confirmed), run {last['run'][:8]}"
    dry = onbox("resync", "--dry-run", "--confirm", "elsewhere")
    second = confirmed(onbox, **{ASKS_REASON: "1", ASKS_HOST: HOST})

    assert [0, 0, 0] == [run.exit_code for run in (first, dry, second)]
    assert "identity-source-added" == last["reason"]
    assert (None, "CHG-1") == (last["note"], last["ticket"])
    assert all(" ".join(text.split()) in " ".join(first.screen.split()) for text in REASONS.values())
    assert "Last run      None" in first.screen
    assert shown in " ".join(dry.screen.split())
    assert ASKS_HOST not in dry.screen
    assert shown in " ".join(second.screen.partition(ASKS_HOST)[0].split())


def test_reasons() -> None:
    """Each reason has its text, which fits a line of the menu, and the one for all others comes last."""
    assert list(get_args(Reason)) == list(REASONS)
    assert "other" == list(REASONS)[-1]
    assert [] == [text for text in REASONS.values() if len(text) > 79 - 14 - 2]
