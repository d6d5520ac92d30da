"""How things stand, in one screen: the last run, runs whose outcome is open, and failed checks of administrators."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from onbox.audit.history import open_runs, recent_denials, unfinished
from onbox.audit.lockout import LOCKOUT, Guard, guard
from onbox.audit.reader import Reader
from onbox.audit.record import ATTEMPT, Record
from onbox.messages import message
from onbox.screen.console import Console
from onbox.screen.runs import (
    COLUMNS,
    SHORT_ID,
    brief,
    listed,
    row,
    summary,
)

_MOST = 3  # lines of a table


@dataclass(frozen=True)
class Status:
    """What the audit trail says of the present."""

    last: Record | None
    open: list[Record]
    denials: dict[str, list[datetime]]


def look(journal: Reader, now: datetime) -> Status:
    """Read from JOURNAL how things stand at the time NOW; it is read from the end, and once as a whole."""
    return Status(
        next(iter(listed(journal, 1)), None),
        open_runs(journal.newest_first(), unfinished(journal.newest_first())),
        recent_denials(journal.newest_first(), now - LOCKOUT),
    )


def as_json(status: Status) -> dict[str, Any]:
    """Give STATUS for a program; times are in UTC."""
    return {
        "last": summary(status.last) if status.last else None,
        "open": [summary(record) for record in status.open],
        "denials": [
            {"admin": admin, "count": len(times), "refused_until": _utc(guard(admin, times).until)}
            for admin, times in status.denials.items()
        ],
    }


def _utc(time: datetime | None) -> str | None:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if time else None


def tell(status: Status, console: Console) -> None:
    """Show STATUS on one screen of 80x25."""
    _tell_last(status.last, console)
    _tell_open(status.open, console)
    _tell_denials([guard(admin, times) for admin, times in status.denials.items()], console)


def _tell_last(last: Record | None, console: Console) -> None:
    if last is None:
        console.step("ok", "Last run", "There is none on record.")
        return
    time, _, outcome, admin, what = row(last)
    console.step(
        {"success": "ok", "unknown": "warning"}.get(outcome, "error"),
        "Last run",
        f"{time} UTC: {outcome}, {admin}, {what} (run {last['run'][:SHORT_ID]})",
    )


def _tell_open(runs: list[Record], console: Console) -> None:
    if not runs:
        console.step("ok", "Open runs", "None: every attempt has a known outcome.")
        return
    console.step("warning", "Open runs", f"{len(runs)} with an unknown outcome:")
    console.table(COLUMNS, [row(record) for record in runs[:_MOST]])
    if len(runs) > _MOST:
        console.say(f"and {len(runs) - _MOST} more: onbox audit list --outcome unknown")
    if runs[0]["event"] == ATTEMPT:
        console.say("A run without a result is under way or was cut off.")
    console.say(message("update-unknown", run="RUN").advice)
    console.say("Then: onbox audit resolve RUN --outcome success|failure --note TEXT")


def _tell_denials(guards: list[Guard], console: Console) -> None:
    if not guards:
        console.step("ok", "Denied", "No check of an administrator failed in the last 60 minutes.")
        return
    console.step("warning", "Denied", "Checks of an administrator that failed in the last 60 minutes:")
    shown = [(brief(each.admin), str(each.count), _rule(each)) for each in guards[:_MOST]]
    console.table(("administrator", "failed", "next try"), shown)
    if len(guards) > _MOST:
        console.say(f"and {len(guards) - _MOST} more: onbox audit list --outcome failure")
    console.say(message("lockout-close", count=0, admin="").advice)


def _rule(state: Guard) -> str:
    if state.until is not None:
        return f"refused until {state.until.astimezone():%H:%M}, for one more could lock the account"
    return "asks first" if state.warns else "free"
