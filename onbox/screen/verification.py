"""What a verification found, in words for a person and in members for a program."""

from typing import Any

from onbox.audit.copies import Comparison, spans
from onbox.audit.history import admin_of
from onbox.audit.record import Record
from onbox.audit.tip import FILE
from onbox.audit.verify import Verification
from onbox.errors import Code

Row = tuple[str, str, str]

# The message that sums up each outcome.
MESSAGES: dict[str, Code] = {"sound": "audit-sound", "torn": "audit-torn", "damaged": "audit-damaged"}
_TIPS = {
    "agrees": ("ok", f"{FILE} agrees"),
    "behind": ("ok", f"{FILE} names an earlier record of the journal"),
    "missing": ("warning", f"there is no {FILE}, so a cut-off end would not show"),
    "unreadable": ("error", f"{FILE} is not what onbox writes"),
}


def outcome(verification: Verification, comparison: Comparison | None) -> str:
    """Sum it up: the journal is sound, damaged, or torn by an accident."""
    if comparison and comparison.problem:
        return "damaged"
    if verification.problem:
        return "torn" if verification.problem.accident else "damaged"
    return "sound"


def findings(verification: Verification, comparison: Comparison | None) -> list[Row]:
    """Give a state, a name and a text for each thing that was looked at."""
    problem = verification.problem
    rows: list[Row] = [
        ("ok", "Chain", f"{verification.records} sound records from the beginning on"),
        (_TIPS[verification.tip][0], "Tip", _TIPS[verification.tip][1]),
    ]
    if verification.head_at is not None:
        since = verification.records - verification.head_at
        rows.append(("ok", "Known head", f"it is record {verification.head_at}; {since} were written since"))
    rows += [
        ("warning", "No result", f"run {record.get('run')} of {admin_of(record)} at {record.get('time')}")
        for record in verification.unfinished
    ]
    if comparison:
        rows += _rows(comparison)
    if problem:
        where = "Journal" if problem.line is None else f"Line {problem.line}"
        rows.append(("warning" if problem.accident else "error", where, problem.what))
    return rows


def _rows(comparison: Comparison) -> list[Row]:
    notes = (
        ("warning", f"without a copy: record {spans(comparison.without_copy)}", comparison.without_copy),
        ("warning", f"only syslog has the result of run {', '.join(comparison.unrecorded)}", comparison.unrecorded),
        ("warning", f"{comparison.unreadable} were cut or garbled on the way", comparison.unreadable),
        ("ok", f"{comparison.others} are of other hosts", comparison.others),
        ("error", comparison.problem, comparison.problem),
    )
    rows = [("ok", "Copies", f"{comparison.compared} compared")]
    return rows + [(state, "Copies", text) for state, text, found in notes if found]


def as_json(verification: Verification, comparison: Comparison | None) -> dict[str, Any]:
    """Give the members that only this command's JSON object has."""
    problem = verification.problem
    return {
        "outcome": outcome(verification, comparison),
        "records": verification.records,
        "head": verification.head,
        "head_at": verification.head_at,
        "tip": verification.tip,
        "problem": vars(problem) if problem else None,
        "unfinished": [_run(record) for record in verification.unfinished],
        "copies": vars(comparison) if comparison else None,
    }


def _run(record: Record) -> dict[str, Any]:
    return {"run": record.get("run"), "time": record.get("time"), "admin": admin_of(record)}
