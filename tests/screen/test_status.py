"""How things stand, from a real journal, in one screen."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from onbox.audit.journal import Journal
from onbox.audit.lockout import Guard
from onbox.audit.reader import Reader
from onbox.screen.console import Console
from onbox.screen.runs import word
from onbox.screen.status import Status, as_json, tell

if TYPE_CHECKING:
    from history import History


UNTIL = datetime(2026, 11, 24, 12, 50, tzinfo=UTC)


def status_of(history: History) -> Status:
    """Return how things stand now."""
    return Status(Reader(history.path, may_be_missing=True).records, history.path, datetime.now(UTC))


def screen_of(status: Status, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a person sees of *status*, in one line, once it is known to fit the width of the screen."""
    tell(status, Console())
    screen = capsys.readouterr().out
    assert 80 >= max(map(len, screen.splitlines()))
    return " ".join(screen.split())


def test_empty_journal_is_said_in_words(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first run there is nothing to worry about."""
    status = status_of(history)

    assert {"running": None, "last": None, "open": [], "denials": []} == as_json(status)
    assert 3 == screen_of(status, capsys).count("ok ")


@pytest.mark.parametrize(
    ("outcome", "code", "mark"),
    [
        ("success", "update-confirmed", "ok"),
        ("success", "update-accepted", "ok"),
        ("failure", "update-sql-error", "!!"),
        ("unknown", "update-unproven", "!"),
    ],
)
def test_last_run_is_the_last_update(
    history: History, outcome: str, code: str, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """If runs were refused since, the last run is still the one that may have changed something."""
    run = history.run(outcome, code=code, admin="bob")
    history.refused()
    status = status_of(history)
    last = as_json(status)["last"]

    assert (run, outcome, code, "bob") == tuple(last[name] for name in ("run", "outcome", "code", "admin"))
    assert screen_of(status, capsys).startswith(f"{mark} Last run")
    assert f"UTC by bob: {word(last)} ({code}), run {run[:8]}" in screen_of(status, capsys)


def test_open_runs_come_with_what_to_do(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """Who sees an open run reads how to find out and how to resolve it."""
    unknown, cut_off = history.run("unknown"), history.attempt()
    status = status_of(history)
    screen = screen_of(status, capsys)

    assert [cut_off, unknown] == [run["run"] for run in as_json(status)["open"]]
    assert "update-attempted" in screen
    assert "begins with MFA" in screen
    assert "onbox audit resolve RUN --outcome success|failure --note TEXT" in screen


def test_run_in_progress_is_named(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """Who waits for a run that was left in some terminal learns which process it is, and since when it runs."""
    with closing(Journal(history.path.parent, os.getuid())) as journal:
        journal.claim_run()
        status = status_of(history)

    assert status.running
    assert {"pid": os.getpid(), "since": f"{status.running.since:%Y-%m-%dT%H:%M:%SZ}"}.items() <= as_json(status)[
        "running"
    ].items()
    assert f"process {os.getpid()}" in screen_of(status, capsys)


GUARDS = [
    (Guard("eve", 1), "allowed", None),
    (Guard("eve", 3), "asks for the name again", None),
    (Guard("eve", 4, UNTIL), "refused until 2026-11-24 12:50 UTC", "2026-11-24T12:50:00Z"),
    (Guard("eve", 4, UNTIL, rests_on_correction=True), "asks for the name", "2026-11-24T12:50:00Z"),
]


@pytest.mark.parametrize(("guard", "rule", "until"), GUARDS)
def test_failed_logins_come_with_the_lockout_rule(
    guard: Guard, rule: str, until: str | None, history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who sees failed logins reads what the next try would meet, before it is made."""
    status = status_of(history)
    status.guards = [guard]

    assert [{**vars(guard), "refused_until": until}] == as_json(status)["denials"]
    assert rule in screen_of(status, capsys)


def test_failed_logins_are_counted(history: History) -> None:
    """The failed logins of the last hour are found in the journal, in upper and lower case alike."""
    for name in ("eve", "EVE", "bob"):
        history.denied(name)
    history.run("unknown", admin="bob", code="update-asked-again")

    assert {"EVE": 2, "bob": 2} == {each["admin"]: each["count"] for each in as_json(status_of(history))["denials"]}
