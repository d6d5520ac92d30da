"""The guard against a lockout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from onbox.audit.lockout import LOCKOUT, Guard, guard
from onbox.errors import OnboxError
from onbox.messages import message_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes_ago", "warns", "until"),
    [
        ([], False, None),
        ([50, 40], False, None),
        ([50, 40, 30], True, None),
        ([50, 40, 30, 20], True, NOW + timedelta(minutes=10)),
        ([55, 50, 40, 30, 20], True, NOW + timedelta(minutes=10)),
    ],
)
def test_guard(minutes_ago: list[int], warns: bool, until: datetime | None) -> None:
    """After three failures the person is asked, after four refused until the fifth could not lock the account."""
    state = guard("ocadmin", [NOW - timedelta(minutes=ago) for ago in minutes_ago])

    assert Guard("ocadmin", len(minutes_ago), until) == state
    assert warns == state.warns
    if until:
        with pytest.raises(OnboxError, match=f"lockout-guard admin=ocadmin count={len(minutes_ago)} ") as caught:
            state.require_room()
        assert ("lockout-guard", 3) == (caught.value.code, message_of(caught.value).exit_code)
        assert f"{until.astimezone():%H:%M}" in message_of(caught.value).advice
    else:
        state.require_room()
    assert timedelta(hours=1) == LOCKOUT
