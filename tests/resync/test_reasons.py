"""The reasons, which the command line and the questions share."""

from __future__ import annotations

from typing import get_args

from onbox.resync.reasons import REASONS, Reason


def test_reasons() -> None:
    """Each reason has its text, and the one for all others comes last."""
    assert list(get_args(Reason)) == list(REASONS)
    assert "other" == list(REASONS)[-1]
