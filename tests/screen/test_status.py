"""How things stand, from a real journal, in one screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from onbox.audit.reader import opened
from onbox.screen.console import Console
from onbox.screen.status import Status, as_json, look, tell

if TYPE_CHECKING:
    from history import History


def status_of(history: History) -> Status:
    """Return how things stand now."""
    with opened(history.path, may_be_missing=True) as journal:
        return look(journal, datetime.now(UTC))


def screen_of(status: Status, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what a person sees of *status*."""
    tell(status, Console())
    return capsys.readouterr().out


def test_empty_journal_is_said_in_words(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first run there is nothing to worry about."""
    status = status_of(history)

    assert {"last": None, "open": [], "denials": []} == as_json(status)
    assert "There is none on record." in screen_of(status, capsys)


def test_success_is_the_last_run_and_nothing_is_open(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """The last run is told with its outcome, administrator and reason."""
    history.run("failure", admin="bob")
    run = history.run()
    status = status_of(history)
    screen = screen_of(status, capsys)

    assert run == as_json(status)["last"]["run"]
    assert [] == as_json(status)["open"]
    assert "UTC: success, ocadmin, tokens-deleted" in screen
    assert run[:8] in screen
    assert "every attempt has a known outcome" in screen
    assert "No check of an administrator failed" in screen


def test_open_runs_come_with_what_to_do(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """Who sees an open run reads how to find out and how to resolve it."""
    unknown, cut_off = history.run("unknown"), history.attempt()
    status = status_of(history)
    screen = screen_of(status, capsys)

    assert [cut_off, unknown] == [record["run"] for record in as_json(status)["open"]]
    assert "no result" in screen
    assert "under way or was cut off" in screen
    assert "begins with MFA" in " ".join(screen.split())
    assert "onbox audit resolve RUN --outcome success|failure --note TEXT" in screen


def test_resolved_run_is_open_no_more(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """The last word on the last run is what counts."""
    history.resolve(history.run("unknown"))
    status = status_of(history)

    assert [] == status.open
    assert "success, -, run.resolved" in screen_of(status, capsys)


@pytest.mark.parametrize(
    ("count", "rule", "until"),
    [(1, "free", None), (3, "asks first", None), (4, "refused until", "2026-11-24T12:50:00Z")],
)
def test_denied_checks_come_with_the_lockout_rule(
    capsys: pytest.CaptureFixture[str], count: int, rule: str, until: str | None
) -> None:
    """Who sees denied checks reads what the next try would meet, before it is made."""
    first = datetime(2026, 11, 24, 11, 50, tzinfo=UTC)
    status = Status(None, [], {"eve": [first + timedelta(minutes=minute) for minute in range(count)]})
    screen = screen_of(status, capsys)

    assert [{"admin": "eve", "count": count, "refused_until": until}] == as_json(status)["denials"]
    assert rule in screen
    assert "Five failed logins lock the account for 60" in screen


def test_denied_checks_are_counted(history: History) -> None:
    """The checks of the last hour are found in the journal."""
    history.denied("eve")
    history.denied("eve")
    history.denied("bob")

    counts = {each["admin"]: each["count"] for each in as_json(status_of(history))["denials"]}

    assert {"eve": 2, "bob": 1} == counts


def test_worst_case_fits_one_screen(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """However many runs are open and checks denied, 80x25 show it all at once, the prompt included."""
    for number in range(6):
        history.run("unknown", admin="b" * 255, reason="identity-source-added")
        for _ in range(4):
            history.denied(str(number) * 40)
    history.attempt("c" * 255, reason="identity-source-added")
    screen = screen_of(status_of(history), capsys)

    assert 24 >= len(screen.splitlines())
    assert 80 >= max(map(len, screen.splitlines()))
    assert "and 4 more: onbox audit list --outcome unknown" in screen
    assert "and 3 more: onbox audit list --outcome failure" in screen
