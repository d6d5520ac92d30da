"""The findings of a verification, for a person and for a program."""

from __future__ import annotations

import pytest

from onbox.audit.copies import Comparison, OtherChain, Version
from onbox.audit.verify import Problem, Verification
from onbox.screen.verification import findings, verdict

HEAD, OTHER = "a" * 64, "b" * 64
SOUND = Verification(tip="agrees")
TORN = Verification(problem=Problem("record-torn", 4, "it is incomplete"))
DAMAGED = Verification(tip="unreadable", problem=Problem("tip-unreadable", None, "it is gone"))
TEXT_MODE = Verification(tip="behind", form="UTF-16")
HEADLESS = Verification(heads={OTHER: None, HEAD: 2}, tip="agrees")
KNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=True)])
UNKNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=False)])
NOTES = Comparison(compared=5, without_copy=[1, 2], unrecorded=["run-7"], others={"am2": 3}, unreadable=4)
VERSIONS = [Version(4, HEAD, in_journal=True), Version(9, OTHER, in_journal=False)]
SET_BACK = Comparison(compared=3, set_back=[4, 5], differing={4: VERSIONS})

# What was found, the verdict, and the findings besides that of the chain.
FINDINGS: list[tuple[Verification, Comparison | None, str, list[str]]] = [
    (SOUND, None, "audit-sound", ["ok tip-agrees"]),
    (
        SOUND,
        NOTES,
        "audit-sound",
        [
            *("ok tip-agrees", "ok compared", "ok others"),
            *("warning without-copy", "warning unrecorded", "warning unreadable"),
        ],
    ),
    (HEADLESS, KNOWN, "audit-sound", ["ok tip-agrees", "ok head-found", "ok compared", "ok known-chain"]),
    (
        HEADLESS,
        UNKNOWN,
        "audit-damaged",
        ["ok tip-agrees", "error head-missing", "ok head-found", "ok compared", "error other-chain"],
    ),
    (TEXT_MODE, Comparison(), "audit-text-mode", ["ok tip-behind", "error no-copies", "error text-mode"]),
    (TORN, Comparison(), "audit-torn", ["warning tip-missing", "error no-copies", "error record-torn"]),
    (
        TORN,
        Comparison(lost=[3]),
        "audit-damaged",
        ["warning tip-missing", "error no-copies", "error lost", "error record-torn"],
    ),
    (
        TEXT_MODE,
        SET_BACK,
        "audit-set-back",
        ["ok tip-behind", "ok compared", "error set-back", *["error differing"] * 3, "error text-mode"],
    ),
    (
        DAMAGED,
        SET_BACK,
        "audit-damaged",
        ["ok compared", "error set-back", *["error differing"] * 3, "error tip-unreadable"],
    ),
]


@pytest.mark.parametrize(("verification", "comparison", "code", "expected"), FINDINGS)
def test_each_thing_has_a_finding_and_the_worst_is_the_verdict(
    verification: Verification, comparison: Comparison | None, code: str, expected: list[str]
) -> None:
    """A person sees everything that was looked at, a program its state and code, and what is wrong comes last."""
    found = findings(verification, comparison)

    assert ["ok chain", *expected] == [f"{finding.state} {finding.code}" for finding in found]
    assert code == verdict(found)


def test_only_a_few_of_many_are_named() -> None:
    """A log of a whole site does not fill the screen."""
    found = findings(SOUND, Comparison(1, lost=[*range(1, 10)], others={"am1": 7}))

    assert found[-2].what.endswith(": am1")
    assert found[-1].what.endswith(": record 1, 2, 3, 4, 5 and 4 more")


def test_both_different_copies_are_shown() -> None:
    """The line and the hash of each copy stand there, and whether the journal has it."""
    shown = [finding.what for finding in findings(SOUND, SET_BACK)[-2:]]

    assert [f"line 4, in the journal, {HEAD}", f"line 9, not in the journal, {OTHER}"] == shown
