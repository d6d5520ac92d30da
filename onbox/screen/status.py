"""How things stand, on one screen: the run in progress, the last run, open runs, and failed logins."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from onbox.audit.history import LastRun, last_run, open_runs, shown
from onbox.audit.journal import RUN_LOCK
from onbox.audit.lockout import Guard, guards
from onbox.audit.locks import Holder, holder
from onbox.audit.reader import Reader
from onbox.audit.record import Record
from onbox.messages import message
from onbox.screen.console import Console
from onbox.screen.runs import COLUMNS, brief, last_run_shown, row, summary

_MOST = 3  # lines of a table
_OF_A_GUARD = ("admin", "count", "rests_on_correction")
_OF_THE_END = ("event", "outcome", "code", "message")


@dataclass(frozen=True)
class Status:
    """The present, as the journal and its lock tell it."""

    running: Holder | None
    last: LastRun | None
    open: list[Record]
    guards: list[Guard]


def look(journal: Reader, now: datetime) -> Status:
    """Read from JOURNAL how things stand at the time NOW."""
    return Status(
        holder(journal.path.with_name(RUN_LOCK)),
        last_run(journal.newest_first()),
        open_runs(journal.newest_first()),
        guards(journal.newest_first(), now),
    )


def as_json(status: Status) -> dict[str, Any]:
    """Give STATUS for a program; times are in UTC."""
    running, last = status.running, status.last
    return {
        "running": asdict(running) | {"since": _utc(running.since)} if running else None,
        "last": summary(last.own) | {name: last.word.get(name) for name in _OF_THE_END} if last else None,
        "open": [summary(record) for record in status.open],
        "denials": [
            {"refused_until": _utc(each.until), **{name: getattr(each, name) for name in _OF_A_GUARD}}
            for each in status.guards
        ],
    }


def _utc(time: datetime | None) -> str | None:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time else None


def tell(status: Status, console: Console) -> None:
    """Show STATUS on one screen of 80x25."""
    if status.running:
        console.step("warning", "Running", f"A run is in progress: {status.running}.")
    if status.last:
        state = {"success": "ok", "unknown": "warning"}.get(status.last.word["outcome"], "error")
        console.step(state, "Last run", last_run_shown(status.last))
    else:
        console.step("ok", "Last run", "None is recorded.")
    if status.open:
        console.step("warning", "Open runs", f"{len(status.open)} with an unknown outcome:")
        console.table(COLUMNS, [row(record) for record in status.open[:_MOST]])
        _tell_more(len(status.open), "unknown", console)
        console.say(message("run-abandoned", admin="", time="", run="RUN").advice)
    else:
        console.step("ok", "Open runs", "None: every update has a known outcome.")
    if status.guards:
        console.step("warning", "Logins", "Failed in the last 60 minutes:")
        rows = [(brief(each.admin), str(each.count), _rule(each)) for each in status.guards[:_MOST]]
        console.table(("administrator", "failed", "next try"), rows)
        _tell_more(len(status.guards), "failure", console)
        console.say(message("lockout-close", count=0, admin="").advice)
    else:
        console.step("ok", "Logins", "No login failed in the last 60 minutes.")


def _tell_more(count: int, outcome: str, console: Console) -> None:
    if count > _MOST:
        console.say(f"and {count - _MOST} more: onbox audit list --outcome {outcome}")


def _rule(guard: Guard) -> str:
    if guard.rests_on_correction:
        return "asks for the name again: the clock of this machine was wrong"
    if guard.until:
        return f"refused until {shown(guard.until)}: one more could lock the account"
    return "asks first" if guard.warns else "allowed"
