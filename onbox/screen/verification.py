"""The findings of a verification, in words for a person and in members for a program."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten
from typing import Any, NamedTuple

from onbox.audit.copies import Comparison, compare
from onbox.audit.verify import Verification, verify
from onbox.errors import Code, Message, message
from onbox.identity import this_host

_MOST_SHOWN = 5
# The members of a comparison that are shown if there is anything in them, the damage last.
_COPIES = {
    "compared": ("ok", "{} records agree with their copies"),
    "others": ("ok", "copies of other hosts are left out: {}"),
    "without_copy": ("warning", "no copy of record {}"),
    "unrecorded": ("warning", "only syslog has the result of run {}"),
    "unreadable": ("warning", "{} copies are truncated, garbled or forged"),
    "set_back": ("error", "the journal was set back to an earlier state, and continued from there"),
    "lost": ("error", "not in the journal as it was copied: record {}"),
    "differing": ("error", "different copies of record {}"),
}
# By the worst error, the verdict on the journal, the worst last; all other errors are damage.
_VERDICTS: dict[str, Code] = {
    "": "audit-sound",
    "no-copies": "copies-missing",
    "record-torn": "audit-torn",
    "text-mode": "audit-text-mode",
    "other-chain": "audit-other-chain",
    "differing": "audit-copies-differ",
    "lost": "audit-damaged",
    "set-back": "audit-set-back",
}
_TIPS = {
    "agrees": ("ok", "tip.json agrees"),
    "behind": ("ok", "tip.json names an earlier record of the journal"),
    "missing": ("warning", "without tip.json, a truncated journal looks intact"),
    "unreadable": ("error", "tip.json is not as onbox wrote it"),
}


class Finding(NamedTuple):
    """One thing that was looked at; programs rely on its STATE (ok, warning or error) and CODE."""

    state: str
    code: str
    name: str
    what: str


def look(
    path: Path, heads: Collection[str], against: Path | None, host: str
) -> tuple[Message, list[tuple[str, str, str]], dict[str, Any]]:
    """Verify the journal at PATH, and compare it with the copies AGAINST it that are of HOST, or of this machine.

    HEADS are hashes that must be in the journal.
    Gives the words for what was found, the findings for a person, and members for a program.

    Raises:
        OnboxError: if a file can't be read, or one of HEADS is no hash.
    """
    machine = this_host()
    names = [host] if host else [text for text in (machine.name, machine.machine_id) if text]
    verification = verify(path, heads, expected=bool(heads or against))
    comparison = compare(path, against, names, verification.heads) if against else None
    found = findings(verification, comparison)
    words = message(verdict(found), path=path, copies=against, host=host or machine.name)
    rows = [(state, name, what) for state, _code, name, what in found] + [("", "Head", verification.head)]
    return words, rows, {"file": str(path), **as_json(verification, comparison, found)}


def verdict(found: Iterable[Finding]) -> Code:
    """Sum up what was FOUND in the code of a message."""
    errors = {"", *(finding.code for finding in found if finding.state == "error")}
    if errors <= _VERDICTS.keys():
        return [code for error, code in _VERDICTS.items() if error in errors][-1]
    return "audit-damaged"


def findings(verification: Verification, comparison: Comparison | None) -> list[Finding]:
    """Give a finding for each thing that was looked at, the first problem of the journal last."""
    state, text = _TIPS[verification.tip]
    rows = [
        Finding("ok", "chain", "Chain", f"{len(verification.records)} records are intact, from the first one on"),
        Finding(state, f"tip-{verification.tip}", "Head file", text),
    ]
    known = [chain.hash for chain in comparison.chains if chain.known] if comparison else []
    for head, seq in verification.heads.items():
        if seq is not None:
            rows.append(Finding("ok", "head-found", "Head", f"{head[:12]}... is record {seq}"))
        elif head not in known:
            rows.append(Finding("error", "head-missing", "Head", f"the journal lacks the hash {head[:12]}..."))
    if comparison:
        rows += _of_copies(comparison)
    if verification.form:
        rows.append(Finding("error", "text-mode", "Form", f"copied in text mode: {verification.form}"))
    if problem := verification.problem:
        where = "Journal" if problem.line is None else f"Line {problem.line}"
        rows.append(Finding("error", problem.code, where, problem.what))
    return rows


def _of_copies(comparison: Comparison) -> Iterator[Finding]:
    if not comparison.compared:
        yield Finding("error", "no-copies", "Copies", "the log has no copy that agrees with a record")
    for name, (state, text) in _COPIES.items():
        if found := getattr(comparison, name):
            shown = found if isinstance(found, int) else shorten(", ".join(map(str, found)), 50, placeholder=" ...")
            yield Finding(state, name.replace("_", "-"), "Copies", text.format(shown))
    for chain in comparison.chains:
        text = f"another chain, records {chain.first} to {chain.last}; the last has the hash {chain.hash}"
        state, code = ("ok", "known-chain") if chain.known else ("error", "other-chain")
        yield Finding(state, code, "Copies", text)
    for number, versions in [*comparison.differing.items()][:1]:
        for version in versions[:_MOST_SHOWN]:
            text = f"line {version.line}, {'in' if version.in_journal else 'not in'} the journal, {version.hash}"
            yield Finding("error", "differing", f"Record {number}", text)


def as_json(verification: Verification, comparison: Comparison | None, found: list[Finding]) -> dict[str, Any]:
    """Give the members that only this command's JSON object has."""
    return vars(verification) | {
        "records": len(verification.records),
        "head": verification.head,
        "problem": asdict(verification.problem) if verification.problem else None,
        "copies": asdict(comparison) if comparison else None,
        "findings": [finding._asdict() for finding in found],
    }
