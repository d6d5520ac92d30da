"""The remains of an earlier run are recorded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onbox.audit.history import shown, time_of
from onbox.errors import message

if TYPE_CHECKING:
    from history import History


def test_remains_of_an_earlier_run_are_recorded_once(history: History) -> None:
    """An incomplete record is moved aside, and the run that was cut off is abandoned by a record that names it."""
    run = history.attempt("bob")
    time = shown(time_of(history.records()[-1]))
    history.path.write_bytes(history.path.read_bytes() + b'{"actor":')

    assert ["journal-repaired", "run-abandoned"] == history.settle()
    repaired, last = history.records()[-2:]
    assert "journal.repaired" == repaired["event"]
    assert (run, "run.abandoned", "unknown", "run-abandoned") == tuple(
        last[name] for name in ("run", "event", "outcome", "code")
    )
    assert message("run-abandoned", admin="bob", time=time, run=run).what == last["message"]
    assert [] == history.settle()
