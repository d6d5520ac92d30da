"""How things stand, on one screen: the run in progress, the last run, open runs, and failed logins."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from onbox.audit.history import LastRun, last_run, open_runs, shown
from onbox.audit.journal import run_in_progress
from onbox.audit.lockout import Guard, guards
from onbox.audit.locks import Holder
from onbox.audit.reader import Reader
from onbox.audit.record import Record
from onbox.messages import message
from onbox.screen.console import Console
from onbox.screen.runs import COLUMNS, brief, last_run_shown, row, summary, word

_MOST = 3  # lines of a table


@dataclass(frozen=True)
class Status:
    """What the journal and its lock say of the present."""

    running: Holder | None
    last: LastRun | None
    open: list[Record]
    guards: list[Guard]


def look(journal: Reader, now: datetime) -> Status:
    """Read from JOURNAL how things stand at the time NOW."""
    return Status(
        run_in_progress(journal.path.parent),
        last_run(journal.newest_first()),
        open_runs(journal.newest_first()),
        guards(journal.newest_first(), now),
    )


def as_json(status: Status) -> dict[str, Any]:
    """Give STATUS for a program; times are in UTC."""
    running, last = status.running, status.last
    return {
        "running": {"pid": running.pid, "tty": running.tty, "since": _utc(running.since)} if running else None,
        "last": {**summary(last.own), **_ending(last.word)} if last else None,
        "open": [summary(record) for record in status.open],
        "denials": [
            {
                "admin": each.admin,
                "count": each.count,
                "refused_until": _utc(each.until),
                "rests_on_correction": each.rests_on_correction,
            }
            for each in status.guards
        ],
    }


def _ending(record: Record) -> dict[str, Any]:
    return {name: record.get(name) for name in ("event", "outcome", "code", "message")}


def _utc(time: datetime | None) -> str | None:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time else None


def tell(status: Status, console: Console) -> None:
    """Show STATUS on one screen of 80x25."""
    if status.running:
        console.step("warning", "Running", f"A run is in progress: {status.running}.")
    _tell_last(status.last, console)
    _tell_open(status.open, console)
    _tell_guards(status.guards, console)


def _tell_last(last: LastRun | None, console: Console) -> None:
    if last is None:
        console.step("ok", "Last run", "None is recorded.")
        return
    state = {"confirmed": "ok", "accepted": "ok", "success": "ok", "unknown": "warning"}.get(word(last.word), "error")
    console.step(state, "Last run", last_run_shown(last))


def _tell_open(runs: list[Record], console: Console) -> None:
    if not runs:
        console.step("ok", "Open runs", "None: every update has a known outcome.")
        return
    console.step("warning", "Open runs", f"{len(runs)} with an unknown outcome:")
    console.table(COLUMNS, [row(record) for record in runs[:_MOST]])
    if len(runs) > _MOST:
        console.say(f"and {len(runs) - _MOST} more: onbox audit list --outcome unknown")
    console.say(message("run-abandoned", admin="", time="", run="RUN").advice)


def _tell_guards(guards: list[Guard], console: Console) -> None:
    if not guards:
        console.step("ok", "Logins", "No login failed in the last 60 minutes.")
        return
    console.step("warning", "Logins", "Failed in the last 60 minutes:")
    shown = [(brief(each.admin), str(each.count), _rule(each)) for each in guards[:_MOST]]
    console.table(("administrator", "failed", "next try"), shown)
    if len(guards) > _MOST:
        console.say(f"and {len(guards) - _MOST} more: onbox audit list --outcome failure")
    console.say(message("lockout-close", count=0, admin="").advice)


def _rule(guard: Guard) -> str:
    if guard.rests_on_correction:
        return "asks for the name again: the clock of this machine was wrong"
    if guard.until:
        return f"refused until {shown(guard.until)}: one more could lock the account"
    return "asks first" if guard.warns else "allowed"
