"""How things stand, on one screen: the run in progress, the last run, open runs, and failed logins."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from onbox.audit.history import last_run, runs
from onbox.audit.journal import RUN_LOCK, holder
from onbox.audit.lockout import WARN_FROM, Guard, guards
from onbox.audit.record import Record, shown
from onbox.errors import message
from onbox.screen.console import Console
from onbox.screen.runs import COLUMNS, last_run_shown, row, summary


class Status:
    """The present, as the journal and its lock tell it."""

    def __init__(self, records: Sequence[Record], journal: Path, now: datetime) -> None:
        """Tell from the RECORDS of JOURNAL, and from its lock, how things stand at the time NOW."""
        self.running = holder(journal.with_name(RUN_LOCK))
        self.last = last_run(reversed(records))
        self.open = [run for run in runs(reversed(records)) if run["outcome"] == "unknown"]
        self.guards = list(guards(reversed(records), now).values())


def as_json(status: Status) -> dict[str, Any]:
    """Give STATUS for a program; times are in UTC."""
    running = status.running
    return {
        "running": asdict(running) | {"since": _utc(running.since)} if running else None,
        "last": summary(status.last) if status.last else None,
        "open": [summary(run) for run in status.open],
        "denials": [asdict(each) | {"refused_until": _utc(each.refused_until)} for each in status.guards],
    }


def _utc(time: datetime | None) -> str | None:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else None


def tell(status: Status, console: Console) -> None:
    """Show STATUS, at most 80 columns wide."""
    if status.running:
        console.step("warning", "Running", f"A run is in progress: {status.running}.")
    outcome = status.last["outcome"] if status.last else "success"
    state = {"success": "ok", "unknown": "warning"}.get(outcome, "error")
    console.step(state, "Last run", last_run_shown(status.last))
    if status.open:
        console.step("warning", "Open runs", f"{len(status.open)} with an unknown outcome:")
        console.table(COLUMNS, [row(run) for run in status.open])
        console.step("", "Next", message("run-abandoned", admin="", time="", run="RUN").advice)
    else:
        console.step("ok", "Open runs", "None: every update has a known outcome.")
    if status.guards:
        console.step("warning", "Logins", "Failed in the last 60 minutes:")
        rows = [(each.admin, str(each.count), _rule(each)) for each in status.guards]
        console.table(("administrator", "failed", "next try"), rows)
        console.step("", "Next", "Check the password first. Five failed logins lock the account for 60 minutes.")
    else:
        console.step("ok", "Logins", "No login failed in the last 60 minutes.")


def _rule(guard: Guard) -> str:
    if guard.rests_on_correction:
        return "asks for the name again: the clock of this machine was wrong"
    if guard.refused_until:
        return f"refused until {shown(guard.refused_until)}: one more could lock the account"
    return "asks for the name again" if guard.count >= WARN_FROM else "allowed"
