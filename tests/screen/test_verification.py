"""The findings of a verification, for a person and for a program."""

from __future__ import annotations

import pytest

from onbox.audit.copies import Comparison, OtherChain, Version
from onbox.audit.verify import Problem, Verification
from onbox.screen.verification import findings, verdict

HEAD, OTHER = "a" * 64, "b" * 64
TORN = Verification(problem=Problem("record-torn", 4, "it is incomplete"))
GONE = Verification(tip="unreadable", problem=Problem("journal-missing", None, "it is gone"))
TEXT_MODE = Verification(tip="behind", form="UTF-16")
NOTED = Verification(heads={OTHER: None, HEAD: 2}, tip="agrees")
KNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=True)])
UNKNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=False)])
NOTES = Comparison(compared=5, without_copy=[1, 2], unrecorded=["run-7"], others={"am2": 3}, unreadable=4)
VERSIONS = [Version(4, HEAD, in_journal=True), Version(9, OTHER, in_journal=False)]
LEFT = "without-copy unrecorded unreadable"
BACK = Comparison(compared=3, set_back=True, lost=[*range(4, 100)], differing={4: VERSIONS})

# The state of the journal, the verdict, and the codes of the findings: ok, warnings and errors.
FINDINGS: list[tuple[Verification, Comparison | None, str, str, str, str]] = [
    (NOTED, None, "audit-damaged", "chain tip-agrees head-found", "", "head-missing"),
    (NOTED, KNOWN, "audit-sound", "chain tip-agrees head-found compared known-chain", "", ""),
    (NOTED, UNKNOWN, "audit-damaged", "chain tip-agrees head-found compared", "", "head-missing other-chain"),
    (TEXT_MODE, NOTES, "audit-text-mode", "chain tip-behind compared others", LEFT, "text-mode"),
    (TORN, Comparison(), "audit-torn", "chain", "tip-missing", "no-copies record-torn"),
    (TORN, Comparison(lost=[3]), "audit-damaged", "chain", "tip-missing", "no-copies lost record-torn"),
    (TORN, BACK, "audit-set-back", "chain compared", "tip-missing", "set-back lost differing record-torn"),
    (GONE, Comparison(), "audit-damaged", "chain", "", "tip-unreadable no-copies journal-missing"),
]


@pytest.mark.parametrize(("verification", "comparison", "code", "good", "warnings", "errors"), FINDINGS)
def test_each_thing_has_a_finding_and_the_worst_is_the_verdict(
    verification: Verification, comparison: Comparison | None, code: str, good: str, warnings: str, errors: str
) -> None:
    """A person sees everything that was looked at, a program its state and code, and what is wrong comes last."""
    found = findings(verification, comparison)

    for state, expected in (("ok", good), ("warning", warnings), ("error", errors)):
        assert expected.split() == [*dict.fromkeys(finding.code for finding in found if finding.state == state)]
    assert code == verdict(found)


def test_long_lists_are_cut_and_both_different_copies_are_shown() -> None:
    """The line and the hash of each copy stand there, and whether the journal has it."""
    shown = [finding.what for finding in findings(NOTED, BACK)]

    assert "not in the journal as it was copied: record 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, ..." in shown
    assert [f"line 4, in the journal, {HEAD}", f"line 9, not in the journal, {OTHER}"] == shown[-2:]
