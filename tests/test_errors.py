"""An error carries the words and the exit code of its message."""

from __future__ import annotations

import pytest

from onbox.errors import OnboxError


def test_words() -> None:
    """What happened is the text of the error; the key, the exit code and the advice go with it."""
    error = OnboxError("settings-missing", file="/etc/x.toml")

    assert "There is no settings file /etc/x.toml." == str(error)
    assert ("settings-missing", 2) == (error.key, error.message.exit_code)
    assert "Check the path behind --config." == error.message.advice


def test_facts_need_not_fit_a_format() -> None:
    """A fact is shown as it is, also when it looks like a gap of the text."""
    assert "There is no settings file {file}{0}%s." == str(OnboxError("settings-missing", file="{file}{0}%s"))


def test_mistakes_show() -> None:
    """A message that isn't in the table, or a fact that is forgotten, is a mistake in the program."""
    with pytest.raises(KeyError, match="no-such-message"):
        OnboxError("no-such-message")
    with pytest.raises(KeyError, match="file"):
        OnboxError("settings-missing")
