"""The verdict follows from the end of rsautil and the proof in its lines, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recordings import outcome

from onbox.rsautil.dialogue import Transcript
from onbox.rsautil.evidence import Evidence
from onbox.rsautil.verdict import LOGIN, UPDATE, judge

VALUE = 'NOTICE:  Set "auth_manager.cas.authentication.ha.seed_sync.marker_time" to "0"'
SAID = Transcript("exited", sent=True, exit_code=0)
DONE = Evidence(value=True, begun=True, result=True)


@pytest.mark.parametrize(
    ("said", "shown", "code"),
    [
        ({}, {}, "update-confirmed"),
        ({}, {"value": False, "result": False, "begun": False}, "update-unproven"),
        ({"exit_code": 1}, {}, "update-contradiction"),
        ({}, {"error": "error"}, "update-contradiction"),
        ({}, {"result": False}, "update-unproven"),
        ({"ending": "timeout", "exit_code": None}, {}, "update-timeout"),
        ({"ending": "asked-again", "exit_code": None}, {}, "update-asked-again"),
        ({"ending": "not-ended", "exit_code": None}, {}, "update-not-ended"),
        ({"exit_code": None, "signal": 9}, {}, "update-lost"),
        # no password was sent
        ({"ending": "not-started", "sent": False}, {}, "update-not-started"),
        ({"ending": "stood-still", "exit_code": None, "sent": False}, {}, "update-stood-still"),
        ({"ending": "timeout", "exit_code": None, "sent": False}, {}, "update-not-asked"),
        ({"exit_code": 1, "sent": False, "before": ("ERROR:  x", "(none)")}, {}, "update-not-asked"),
        ({"exit_code": 1, "sent": False, "before": ("(0 rows)",)}, {"value": False, "begun": False}, "update-unproven"),
        ({"exit_code": 1, "sent": False, "before": (VALUE,)}, {"value": False, "begun": False}, "update-unproven"),
        ({"exit_code": 0, "sent": False}, {"value": False, "begun": False, "result": False}, "update-unproven"),
    ],
)
def test_update(said: dict[str, object], shown: dict[str, object], code: str) -> None:
    """The first condition that holds decides."""
    assert code == judge(UPDATE, replace(SAID, **said), replace(DONE, **shown))  # type: ignore[arg-type]


@pytest.mark.parametrize("exit_code", [0, 3])
@pytest.mark.parametrize(
    ("error", "code"),
    [("missing", "update-key-missing"), ("error", "update-sql-error"), ("unconnected", "update-not-connected")],
)
def test_failure(error: str, code: str, exit_code: int) -> None:
    """An error is a failure with any exit code, unless something speaks of a change."""
    said = replace(SAID, exit_code=exit_code)
    shown = Evidence(error=error)  # type: ignore[arg-type]

    assert code == judge(UPDATE, said, shown)
    for change in ({"value": True}, {"begun": True}, {"not_understood": ["x"]}):
        assert "unknown" == outcome(judge(UPDATE, said, replace(shown, **change)))


@pytest.mark.parametrize(
    ("said", "shown", "code"),
    [
        ({}, {"value": True}, "admin-verified"),
        ({"exit_code": 5}, {"value": True, "not_understood": ["x"]}, "admin-verified"),
        ({"ending": "timeout"}, {"value": True}, "admin-verified"),
        ({"ending": "asked-again"}, {"value": True}, "admin-denied"),
        ({"sent": False}, {"value": True}, "admin-not-asked"),
        ({"ending": "stood-still", "sent": False}, {}, "admin-stood-still"),
        ({"ending": "timeout"}, {}, "admin-timeout"),
        ({}, {"error": "unconnected"}, "admin-not-connected"),
        ({}, {"error": "unconnected", "not_understood": ["x"]}, "admin-unproven"),
        ({}, {}, "admin-unproven"),
    ],
)
def test_login(said: dict[str, object], shown: dict[str, object], code: str) -> None:
    """Only the documented line proves a login, and only a second question is reason to call it denied."""
    assert code == judge(LOGIN, replace(SAID, **said), Evidence(**shown))  # type: ignore[arg-type]
