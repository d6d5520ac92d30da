"""The remains of an earlier run are recorded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onbox.audit.history import shown, time_of
from onbox.messages import message

if TYPE_CHECKING:
    from history import History


def test_nothing_left_behind_writes_nothing(history: History) -> None:
    """A journal that ends well is left as it is."""
    history.run()
    before = history.lines()

    assert [] == history.settle()
    assert before == history.lines()


def test_attempt_without_result_is_abandoned_once(history: History) -> None:
    """The run that was cut off gets its own record, which names its administrator and time."""
    run = history.attempt("bob")
    time = shown(time_of(history.records()[-1]))

    assert ["run-abandoned"] == history.settle()
    last = history.records()[-1]
    assert (run, "run.abandoned", "unknown", "run-abandoned") == tuple(
        last[name] for name in ("run", "event", "outcome", "code")
    )
    assert message("run-abandoned", admin="bob", time=time, run=run).what == last["message"]
    assert [] == history.settle()


def test_incomplete_record_is_moved_aside_and_the_chain_goes_on(history: History) -> None:
    """An incomplete record hides neither the attempt before it nor its own bytes."""
    history.attempt()
    whole = history.path.read_bytes()
    history.path.write_bytes(whole + b'{"actor":')

    assert ["journal-repaired", "run-abandoned"] == history.settle()
    [kept] = history.path.parent.glob("torn-*")
    assert b'{"actor":' == kept.read_bytes()
    assert ["journal.repaired", "run.abandoned"] == [record["event"] for record in history.records()[-2:]]
    assert history.path.read_bytes().startswith(whole)
