"""The findings of a verification, for a person and for a program."""

from __future__ import annotations

import pytest

from onbox.audit.comparison import Comparison, OtherChain, Version
from onbox.audit.verify import Problem, Verification
from onbox.screen.verification import as_json, findings, verdict

HEAD, OTHER = "a" * 64, "b" * 64
SOUND = Verification(records=3, tip="agrees")
TORN = Verification(records=3, problem=Problem("record-torn", 4, "it is incomplete"))
DAMAGED = Verification(records=3, tip="unreadable", problem=Problem("tip-unreadable", None, "it is gone"))
TEXT_MODE = Verification(records=3, tip="behind", form="UTF-16")
HEADLESS = Verification({OTHER: None, HEAD: 2}, records=3, tip="agrees")
ATTEMPT = {"event": "resync.attempt", "run": "run-9", "time": "2026", "actor": {"admin": "ocadmin"}}
UNRESOLVED = {"event": "resync.result", "run": "run-8", "time": "2026"}
LEFT = Verification(records=3, tip="behind", open_runs={"run-8": UNRESOLVED, "run-9": ATTEMPT})
KNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=True)])
UNKNOWN = Comparison(compared=3, chains=[OtherChain(1, 2, OTHER, known=False)])
NOTES = Comparison(compared=5, without_copy=[1, 2], unrecorded=["run-7"], others={"am2": 3}, unreadable=4)
VERSIONS = [Version(4, HEAD, in_journal=True), Version(9, OTHER, in_journal=False)]
SET_BACK = Comparison(compared=3, lost=[4, 5], set_back=4, differing={4: VERSIONS})

VERDICTS: list[tuple[Verification, Comparison | None, str]] = [
    (SOUND, None, "audit-sound"),
    (LEFT, NOTES, "audit-sound"),
    (SOUND, KNOWN, "audit-sound"),
    (HEADLESS, KNOWN, "audit-sound"),
    (HEADLESS, UNKNOWN, "audit-damaged"),
    (HEADLESS, None, "audit-damaged"),
    (SOUND, UNKNOWN, "audit-other-chain"),
    (SOUND, Comparison(), "copies-missing"),
    (TEXT_MODE, Comparison(), "audit-text-mode"),
    (TORN, None, "audit-torn"),
    (TORN, Comparison(), "audit-torn"),
    (TORN, Comparison(lost=[3]), "audit-damaged"),
    (SOUND, Comparison(differing={4: VERSIONS}), "audit-copies-differ"),
    (TEXT_MODE, SET_BACK, "audit-set-back"),
    (SOUND, Comparison(changed=[3], set_back=4), "audit-damaged"),
    (DAMAGED, SET_BACK, "audit-damaged"),
]


@pytest.mark.parametrize(("verification", "comparison", "code"), VERDICTS)
def test_verdict_is_the_worst(verification: Verification, comparison: Comparison | None, code: str) -> None:
    """Lost or changed records weigh most, then the copies, then the form; notes weigh nothing."""
    assert code == verdict(findings(verification, comparison))


FINDINGS: list[tuple[Verification, Comparison | None, list[str]]] = [
    (SOUND, None, ["ok chain", "ok tip-agrees"]),
    (
        LEFT,
        NOTES,
        [
            *("ok chain", "ok tip-behind", "warning no-result", "ok compared", "ok others"),
            *("warning without-copy", "warning unrecorded", "warning unreadable"),
        ],
    ),
    (
        TORN,
        Comparison(lost=[3]),
        ["ok chain", "warning tip-missing", "error no-copies", "error lost", "error record-torn"],
    ),
    (DAMAGED, None, ["ok chain", "error tip-unreadable"]),
    (HEADLESS, None, ["ok chain", "ok tip-agrees", "error head-missing", "ok head-found"]),
    (HEADLESS, KNOWN, ["ok chain", "ok tip-agrees", "ok head-found", "ok compared", "ok known-chain"]),
    (SOUND, UNKNOWN, ["ok chain", "ok tip-agrees", "ok compared", "error other-chain"]),
    (
        TEXT_MODE,
        SET_BACK,
        [
            "ok chain",
            "ok tip-behind",
            "ok compared",
            "error set-back",
            "error lost",
            *["error differing"] * 3,
            "error text-mode",
        ],
    ),
]


@pytest.mark.parametrize(("verification", "comparison", "codes"), FINDINGS)
def test_each_thing_has_a_finding(verification: Verification, comparison: Comparison | None, codes: list[str]) -> None:
    """A person sees everything that was looked at, a program its state and code, and what is wrong comes last."""
    found = findings(verification, comparison)

    assert codes == [f"{finding.state} {finding.code}" for finding in found]
    assert [finding._asdict() for finding in found] == as_json(verification, comparison, found)["findings"]


@pytest.mark.parametrize(
    ("numbers", "text"), [([5], "5"), ([1, 2, 3], "1-3"), ([1, 3, 4, 9], "1, 3-4, 9"), ([1, 2], "1-2")]
)
def test_numbers_are_written_short(numbers: list[int], text: str) -> None:
    """Neighbours are written as the first and the last of them."""
    assert findings(SOUND, Comparison(lost=numbers))[-1].what.endswith(f"record {text}")


def test_only_a_few_of_many_hosts_are_named() -> None:
    """A log of a whole site does not fill the screen."""
    found = findings(SOUND, Comparison(1, others={f"am{number}": 1 for number in range(9)}))[-1]

    assert found.what.endswith(": am0, am1, am2, am3, am4")


def test_both_different_copies_are_shown() -> None:
    """The line and the hash of each copy stand there, and whether the journal has it."""
    shown = [finding.what for finding in findings(SOUND, SET_BACK)[-2:]]

    assert [f"line 4, in the journal, {HEAD}", f"line 9, not in the journal, {OTHER}"] == shown


def test_program_gets_members() -> None:
    """The parts of the verification are members of the object."""
    members = as_json(LEFT, NOTES, [])

    assert [{"run": "run-9", "time": "2026", "admin": "ocadmin"}] == members["unfinished"]
    assert (["run-7"], 4) == (members["copies"]["unrecorded"], members["copies"]["unreadable"])
    members = as_json(HEADLESS, None, [])
    assert ({OTHER: None, HEAD: 2}, None) == (members["heads"], members["problem"])
