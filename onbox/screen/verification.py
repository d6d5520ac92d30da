"""The findings of a verification, in words for a person and in members for a program."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any, NamedTuple

from onbox.audit.comparison import Comparison
from onbox.audit.history import admin_of
from onbox.audit.record import ATTEMPT, Record
from onbox.audit.verify import Verification
from onbox.errors import Code

_MOST_SHOWN = 5
# The members of a comparison that are shown if there is anything in them, the damage last.
_COPIES = {
    "compared": ("ok", "{} records agree with their copies"),
    "others": ("ok", "copies of other hosts are left out: {}"),
    "without_copy": ("warning", "no copy of record {}"),
    "unrecorded": ("warning", "only syslog has the result of run {}"),
    "unreadable": ("warning", "{} copies are truncated, garbled or forged"),
    "set_back": ("error", "the journal was set back: from record {} on, it had other records before"),
    "lost": ("error", "copied, but not in the journal: record {}"),
    "changed": ("error", "other content than the copy: record {}"),
    "rehashed": ("error", "as it was copied, but after another record: record {}"),
    "differing": ("error", "different copies of record {}"),
}
# The verdict if there is this error and none that stands below it; all other errors are damage.
_VERDICTS: dict[Code, str] = {
    "audit-sound": "",
    "copies-missing": "no-copies",
    "audit-torn": "record-torn",
    "audit-text-mode": "text-mode",
    "audit-other-chain": "other-chain",
    "audit-copies-differ": "differing",
    "audit-set-back": "set-back",
}
_TIPS = {
    "agrees": ("ok", "tip.json agrees"),
    "behind": ("ok", "tip.json names an earlier record of the journal"),
    "missing": ("warning", "without tip.json, a truncated journal looks intact"),
}


class Finding(NamedTuple):
    """One thing that was looked at; programs rely on its STATE (ok, warning or error) and CODE."""

    state: str
    code: str
    name: str
    what: str


def verdict(found: Iterable[Finding]) -> Code:
    """Sum up what was FOUND in the code of a message."""
    errors = {finding.code for finding in found if finding.state == "error"}
    if "set-back" in errors:
        errors.discard("lost")
    explained = set()
    for code, error in _VERDICTS.items():
        explained.add(error)
        if errors <= explained:
            return code
    return "audit-damaged"


def findings(verification: Verification, comparison: Comparison | None) -> list[Finding]:
    """Give a finding for each thing that was looked at, the first problem of the journal last."""
    rows = [Finding("ok", "chain", "Chain", f"{verification.records} records are intact, from the first one on")]
    if verification.tip in _TIPS:
        state, text = _TIPS[verification.tip]
        rows.append(Finding(state, f"tip-{verification.tip}", "Tip", text))
    known = [chain.hash for chain in comparison.chains if chain.known] if comparison else []
    for head, seq in verification.heads.items():
        if seq is not None:
            rows.append(Finding("ok", "head-found", "Head", f"{head[:12]}... is record {seq}"))
        elif head not in known:
            rows.append(Finding("error", "head-missing", "Head", f"no record has the hash {head[:12]}..."))
    for record in _without_result(verification):
        text = f"run {record.get('run')} of {admin_of(record)} at {record.get('time')}"
        rows.append(Finding("warning", "no-result", "No result", text))
    if comparison:
        rows += _of_copies(comparison)
    if verification.form:
        rows.append(Finding("error", "text-mode", "Form", f"copied in text mode: {verification.form}"))
    problem = verification.problem
    if problem:
        where = "Journal" if problem.line is None else f"Line {problem.line}"
        rows.append(Finding("error", problem.code, where, problem.what))
    return rows


def _of_copies(comparison: Comparison) -> Iterator[Finding]:
    if not comparison.compared:
        yield Finding("error", "no-copies", "Copies", "no record agrees with a copy")
    for name, (state, text) in _COPIES.items():
        found = getattr(comparison, name)
        if found:
            yield Finding(state, name.replace("_", "-"), "Copies", text.format(_shown(found)))
    for chain in comparison.chains:
        text = f"another chain, records {chain.first} to {chain.last}; the last has the hash {chain.hash}"
        state, code = ("ok", "known-chain") if chain.known else ("error", "other-chain")
        yield Finding(state, code, "Copies", text)
    for number, versions in islice(comparison.differing.items(), 1):
        for version in versions[:_MOST_SHOWN]:
            text = f"line {version.line}, {'in' if version.in_journal else 'not in'} the journal, {version.hash}"
            yield Finding("error", "differing", f"Record {number}", text)


def _shown(found: int | Iterable[int] | Iterable[str]) -> str:
    """Give a number as it is, a few texts one after the other, and ascending numbers as a text such as "1, 4-7"."""
    if isinstance(found, int):
        return str(found)
    spans: list[list[Any]] = []
    for each in found:
        if spans and isinstance(each, int) and each <= spans[-1][-1] + 1:
            spans[-1][1:] = [each]
        elif isinstance(each, int) or len(spans) < _MOST_SHOWN:
            spans.append([each])
    return ", ".join("-".join(map(str, span)) for span in spans)


def _without_result(verification: Verification) -> list[Record]:
    """Give the attempts that nothing followed."""
    return [word for word in verification.open_runs.values() if word.get("event") == ATTEMPT]


def as_json(verification: Verification, comparison: Comparison | None, found: list[Finding]) -> dict[str, Any]:
    """Give the members that only this command's JSON object has."""
    members = asdict(verification)
    del members["open_runs"]
    runs = _without_result(verification)
    return members | {
        "unfinished": [{"run": run.get("run"), "time": run.get("time"), "admin": admin_of(run)} for run in runs],
        "copies": asdict(comparison) if comparison else None,
        "findings": [finding._asdict() for finding in found],
    }
