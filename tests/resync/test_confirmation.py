"""Nothing is changed before it is clear why, what exactly happens, and on which host."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

import pytest
from appliance.make import ADMIN
from rehearsal import ANSWERS

from onbox.errors import OnboxError, message_of
from onbox.resync.confirmation import require_usable
from onbox.resync.session import REASONS, Reason, Request

if TYPE_CHECKING:
    from rehearsal import Onbox, Run

HOST = os.uname().nodename
ASKS_REASON, ASKS_NOTE, ASKS_HOST = r"Reason \[1-5\]: ", r"Note: ", r"Type the host name to go ahead: "


@pytest.mark.parametrize(
    "request_",
    [
        Request(),
        Request(reason="other", note="why"),
        Request(note="x" * 400, ticket="x" * 100, confirm="here", admin="ocadmin"),
        Request(confirm="there", dry_run=True),
    ],
)
def test_usable(request_: Request) -> None:
    """A request that can be right goes on."""
    require_usable(request_, "here")


@pytest.mark.parametrize(
    ("request_", "code", "exit_code"),
    [
        (Request(reason="other"), "note-missing", 2),
        (Request(note="x" * 401), "text-too-long", 2),
        (Request(ticket="x" * 101), "text-too-long", 2),
        (Request(admin=""), "admin-name", 2),
        (Request(admin="oc admin"), "admin-name", 2),
        (Request(confirm="there"), "not-confirmed", 3),
        (Request(confirm=""), "not-confirmed", 3),
    ],
)
def test_not_usable(request_: Request, code: str, exit_code: int) -> None:
    """An option whose value cannot be right is refused before a password is asked, without repeating the value."""
    with pytest.raises(OnboxError) as caught:
        require_usable(request_, "here")

    assert (code, exit_code) == (caught.value.code, message_of(caught.value).exit_code)
    values = {request_.admin, request_.ticket, request_.note, request_.confirm}
    assert not values & set(caught.value.facts.values())


def confirmed(onbox: Onbox, *arguments: str, **answers: str) -> Run:
    """Run onbox with these answers to the questions before the update."""
    login = {prompt: text for prompt, text in ANSWERS.items() if prompt not in (ASKS_REASON, ASKS_HOST)}
    return onbox("resync", *arguments, answers=login | answers)


def recorded(onbox: Onbox) -> tuple[str, str | None, str | None, str | None]:
    """Return the event, the reason, the note and the ticket of the last record."""
    last = onbox.machine.journal()[-1]
    return last["event"], last["reason"], last["note"], last["ticket"]


def test_reason(onbox: Onbox) -> None:
    """The reason is asked for, with the documented ones spelled out; a blank note is none."""
    run = confirmed(onbox, "--ticket", " CHG-1 ", "--note", "   ", **{ASKS_REASON: "2", ASKS_HOST: HOST})

    assert 0 == run.exit_code
    assert ("resync.result", "identity-source-added", None, "CHG-1") == recorded(onbox)
    assert all(" ".join(text.split()) in " ".join(run.screen.split()) for text in REASONS.values())


def test_given(onbox: Onbox) -> None:
    """An answer given on the command line is not asked for, and is shown."""
    given = ("--reason", "other", "--note", "tidy \x1b[31mup", "--ticket", "CHG-1", "--confirm", HOST)
    run = confirmed(onbox, "-o", ADMIN, *given)

    assert 0 == run.exit_code
    assert ("resync.result", "other", "tidy \x1b[31mup", "CHG-1") == recorded(onbox)
    assert r"tidy \x1b[31mup" in run.screen
    assert "CHG-1" in run.screen


def test_last_run(onbox: Onbox) -> None:
    """Before the confirmation, and in a dry run, the last run is shown: when, who, how it ended, and its ID."""
    first = confirmed(onbox, **{ASKS_REASON: "1", ASKS_HOST: HOST})
    last = onbox.machine.journal()[-1]
    when = last["time"][:16].replace("T", " ")
    shown = f"Last run {when} UTC by {ADMIN}: confirmed (update-confirmed), run {last['run'][:8]}"
    dry = onbox("resync", "--dry-run")
    second = confirmed(onbox, **{ASKS_REASON: "1", ASKS_HOST: HOST})

    assert "Last run      None" in first.screen
    assert shown in " ".join(dry.screen.split())
    assert ASKS_HOST not in dry.screen
    assert shown in " ".join(second.screen.partition(ASKS_HOST)[0].split())


def test_reasons() -> None:
    """Each reason has its text, which fits a line of the menu, and the one for all others comes last."""
    assert list(get_args(Reason)) == list(REASONS)
    assert "other" == list(REASONS)[-1]
    assert [] == [text for text in REASONS.values() if len(text) > 79 - 14 - 2]
