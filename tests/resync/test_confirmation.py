"""Nothing is changed before it is clear why, what exactly happens, and on which host."""

from __future__ import annotations

import os
import shlex

import pytest
from appliance.make import ADMIN
from rehearsal import ANSWERS, Onbox, Run

from onbox.errors import OnboxError
from onbox.resync.confirmation import command_line, require_usable
from onbox.resync.reasons import REASONS
from onbox.resync.session import Request

HOST = os.uname().nodename
REASON_PROMPT, NOTE_PROMPT = r"Reason \[1-5\]: ", r"Note: "
HOST_PROMPT, AGAIN_PROMPT = (
    r"\nType the host name to go ahead: ",
    rf"That is not {HOST}. Type the host name to go ahead: ",
)


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        (Request(), ""),
        (Request(reason="other", note="why"), ""),
        (Request(reason="other"), "note-missing"),
        (Request(reason="other", note=""), "note-missing"),
        (Request(note="x" * 400, ticket="x" * 100, confirm="here"), ""),
        (Request(note="x" * 401), "text-too-long"),
        (Request(ticket="x" * 101), "text-too-long"),
        (Request(confirm="there"), "not-confirmed"),
        (Request(confirm=""), "not-confirmed"),
        (Request(confirm="there", dry_run=True), ""),
    ],
)
def test_usable(request_: Request, key: str) -> None:
    """What a request itself makes impossible is refused before a password is asked."""
    found = ""
    try:
        require_usable(request_, "here")
    except OnboxError as error:
        found = error.code

    assert key == found


def test_command_line() -> None:
    """The update is shown as the documented command, fit for a shell."""
    assert (
        "./rsautil store -o ocadmin -a update_config auth_manager.cas.authentication.ha.seed_sync.marker_time 0 GLOBAL"
    ) == command_line("ocadmin")
    assert "$(reboot)" == shlex.split(command_line("$(reboot)"))[3]


def confirmed(onbox: Onbox, *arguments: str, **answers: str | None) -> Run:
    """Run onbox with other answers at the questions before the change; None leaves the answer out."""
    changed = {REASON_PROMPT: "1", HOST_PROMPT: HOST} | answers
    left = {prompt: text for prompt, text in ANSWERS.items() if not prompt.startswith(("Reason", "Type"))}
    return onbox(
        "resync", *arguments, answers=left | {prompt: text for prompt, text in changed.items() if text is not None}
    )


def recorded(onbox: Onbox) -> tuple[str, str | None, str | None, str | None]:
    """Return the event, the reason, the note and the ticket of the last record."""
    last = onbox.machine.journal()[-1]
    return last["event"], last["reason"], last["note"], last["ticket"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [*((str(number), reason) for number, reason in enumerate(REASONS, 1) if reason != "other"), ("users-found",) * 2],
)
def test_reason(onbox: Onbox, answer: str, reason: str) -> None:
    """The reason is asked for, with the documented ones spelled out, and taken by number or name."""
    run = confirmed(onbox, "--ticket", "CHG-1", **{REASON_PROMPT: answer})

    assert 0 == run.exit_code
    assert ("resync.result", reason, None, "CHG-1") == recorded(onbox)
    assert all(" ".join(text.split()) in " ".join(run.screen.split()) for text in REASONS.values())


@pytest.mark.parametrize(("note", "exit_code"), [("because", 0), ("  ", 2), ("x" * 401, 2)])
def test_other_reason(onbox: Onbox, note: str, exit_code: int) -> None:
    """Another reason needs a note."""
    run = confirmed(onbox, **{REASON_PROMPT: "5", NOTE_PROMPT: note})

    assert exit_code == run.exit_code
    assert (("other", note) if exit_code == 0 else (None, None)) == recorded(onbox)[1:3]


@pytest.mark.parametrize("answer", ["", "0", "6", "because"])
def test_unknown_reason(onbox: Onbox, answer: str) -> None:
    """What is none of the reasons is refused."""
    run = confirmed(onbox, **{REASON_PROMPT: answer})

    assert 2 == run.exit_code
    assert "resync.refused" == recorded(onbox)[0]


def test_given(onbox: Onbox) -> None:
    """What was given on the command line is not asked for, and all of it is shown."""
    run = confirmed(
        onbox, "-o", ADMIN, "--reason", "other", "--note", "tidy \x1b[31mup", "--ticket", "CHG-1", "--confirm", HOST,
        **{REASON_PROMPT: None, HOST_PROMPT: None},
    )  # fmt: skip

    assert 0 == run.exit_code
    assert ("resync.result", "other", "tidy \x1b[31mup", "CHG-1") == recorded(onbox)
    assert r"tidy \x1b[31mup" in run.screen
    assert "CHG-1" in run.screen


def test_host_name(onbox: Onbox) -> None:
    """The host name must be typed exactly; it is asked for twice."""
    assert 0 == confirmed(onbox, **{HOST_PROMPT: "elsewhere", AGAIN_PROMPT: HOST}).exit_code

    run = confirmed(onbox, **{HOST_PROMPT: "elsewhere", AGAIN_PROMPT: HOST + "x"})

    assert 3 == run.exit_code
    assert "resync.refused" == recorded(onbox)[0]
    assert ["manage-secrets", "store", "manage-secrets"] == [call.argv[0] for call in onbox.machine.calls()]


def test_every_reason_fits_a_line() -> None:
    """A menu that wraps pushes the beginning of the run off the screen."""
    assert [] == [text for text in REASONS.values() if len(text) > 79 - 14 - 2]
