"""Runs from the audit journal: a list of them, one run as a page, and the last run in a line."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from onbox.audit.history import runs
from onbox.audit.reader import Reader
from onbox.audit.record import RESOLVED, VERIFIED, Record, admin_of, member, shown, time_of
from onbox.screen.console import Console

COLUMNS = ("time (UTC)", "run", "outcome", "code", "administrator")
_SHORT_ID = 8
# By code, two truths about an update that have the same outcome and exit code; by outcome, a plainer word.
_WORDS = {"update-confirmed": "confirmed", "update-accepted": "accepted", "failure": "failed"}
# The lines of a page that show one member of a record; each text of a list has a line of its own.
_MEMBERS = {
    "Host": "host.name",
    "Administrator": "actor.admin",
    "Reason": "reason",
    "Ticket": "ticket",
    "Note": "note",
    "Account": "actor.os_user",
    "Login ID": "actor.login_uid",
    "Terminal": "actor.tty",
    "From": "actor.from",
    "Command": "process.argv",
    "Exit code": "process.exit_code",
    "Evidence": "evidence",
    "rsautil": "transcript",
    "Warning": "warnings",
    "onbox": "onbox.version",
}


def listed(journal: Reader, last: int, outcome: str | None = None) -> list[Record]:
    """Give the LAST runs of JOURNAL, the newest first, without dry runs; with OUTCOME only those."""
    ended = (run for run in runs(reversed(journal.records)) if run["event"] != VERIFIED)
    return [run for run in ended if outcome in (None, run["outcome"])][:last]


def word(record: Record) -> str:
    """Give the word for the outcome of RECORD: confirmed, accepted, failed, unknown, refused, or success."""
    outcome = str(record["outcome"])
    return _WORDS.get(str(record.get("code"))) or _WORDS.get(outcome, outcome)


def row(run: Record) -> tuple[str, ...]:
    """Give the COLUMNS of one RUN in a list, the widest last."""
    return (
        f"{time_of(run):%Y-%m-%d %H:%M}",
        run["run"][:_SHORT_ID],
        word(run),
        str(run.get("code") or "-"),
        admin_of(run) or "-",
    )


def tell(found: Sequence[Record], path: Path, console: Console) -> None:
    """Show the runs FOUND in the journal at PATH as a list."""
    if found:
        console.table(COLUMNS, [row(run) for run in found])
    else:
        console.step("", "Runs", f"No such run in {path}.")


def last_run_shown(run: Record | None) -> str:
    """Give the last RUN in one line: when, who, how it ended, and its ID."""
    if run is None:
        return "None is recorded."
    ending = f"{word(run)} ({run.get('code')})"
    return f"{shown(time_of(run))} by {admin_of(run) or '-'}: {ending}, run {run['run'][:_SHORT_ID]}"


def summary(run: Record) -> dict[str, Any]:
    """Give RUN for a program, with every text as it is recorded."""
    names = ("time", "run", "event", "outcome", "code", "reason", "ticket", "note", "message")
    return {name: run.get(name) for name in names} | {"admin": member(run, "actor.admin")}


def page(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Give one run, by its RECORDS in their order, as names and values to be put into a change ticket."""
    run = next(runs(reversed(records)), records[-1])
    outcome = f"{word(run)} ({run.get('code')}): {run.get('message')}"
    if run["event"] == VERIFIED:
        outcome = "none: the update was not tried (a dry run, or a run that was cut off)"
    rows = [("Run", run["run"]), ("Outcome", outcome), ("Time", f"{records[0]['time']} to {run['time']}")]
    rows += _members(run)
    if run["event"] == RESOLVED:
        rows += [("Resolved", records[-1]["time"]), *_members(records[-1])]
    rows += [("Record", f"{record.get('seq')} {record['time']} {record['event']}") for record in records]
    return [*rows, ("Last hash", str(records[-1].get("hash")))]


def _members(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the members of RECORD that a page shows and that are known; their types are not checked."""
    for name, path in _MEMBERS.items():
        value = member(record, path)
        if path == "process.argv" and isinstance(value, list):
            value = shlex.join(map(str, value))
        lines = value if isinstance(value, list) else [value]
        yield from ((name, str(line)) for line in lines if line not in (None, ""))
