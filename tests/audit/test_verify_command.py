"""`onbox audit verify`, as a person or a job runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import journals
import pytest

from onbox.audit.copies import Comparison
from onbox.audit.record import GENESIS
from onbox.audit.verify import Problem, Verification
from onbox.screen.verification import as_json, findings, outcome

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Machine, Onbox

LINES = journals.chained({"event": "resync.refused", "run": f"run-{number}"} for number in range(5))
HEAD = json.loads(LINES[-1])["hash"]


@pytest.fixture
def copy(place: Path) -> Path:
    """Return a copy of a journal that lies elsewhere, whose tip file came along."""
    path = place / "copy.jsonl"
    path.write_bytes(b"".join(LINES))
    journals.put_tip(place, 5, HEAD)
    return path


def told(onbox: Onbox, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and what was told as JSON."""
    run = onbox.without_terminal("audit", "verify", "--json", *arguments)
    assert "" == run.errors
    return run.exit_code, json.loads(run.screen)


def test_journal_of_this_machine_is_verified(appliance: Machine, onbox: Onbox) -> None:
    """Without --file the journal of the settings is read, and its head is shown on one line, to be noted."""
    onbox("resync")

    run = onbox.without_terminal("audit", "verify")

    assert (0, "") == (run.exit_code, run.errors)
    assert f"head {appliance.journal()[-1]['hash']}" in map(str.strip, run.screen.splitlines())
    assert "3 sound records" in run.screen


def test_copy_elsewhere_is_verified(onbox: Onbox, copy: Path) -> None:
    """A copy is read without the settings of its machine, and the tip file beside it is used."""
    onbox.machine.config.unlink()

    assert 0 == onbox.without_terminal("audit", "verify", "--file", str(copy)).exit_code

    copy.write_bytes(b"".join(LINES[:3]))
    run = onbox.without_terminal("audit", "verify", "--file", str(copy))
    assert 7 == run.exit_code
    assert "Line 4" in run.screen
    assert "records 4 to 5 are missing at the end" in " ".join(run.screen.split())


def test_program_gets_one_object(onbox: Onbox, copy: Path) -> None:
    """With --json there is one object, whose members say the same."""
    lines = list(LINES)
    del lines[2]
    copy.write_bytes(b"".join(lines))

    exit_code, fields = told(onbox, "--file", str(copy))

    assert (7, 7, "audit verify", "damaged", str(copy)) == (
        exit_code,
        fields["exit_code"],
        fields["command"],
        fields["outcome"],
        fields["file"],
    )
    what = "it holds record 4, where record 3 must stand"
    assert {"line": 3, "what": what, "accident": False} == fields["problem"]
    assert (2, "agrees", None, []) == (fields["records"], fields["tip"], fields["copies"], fields["unfinished"])


@pytest.mark.parametrize(("head", "exit_code"), [(HEAD, 0), (GENESIS, 0), ("f" * 64, 7), ("x", 2)])
def test_head_kept_elsewhere_is_compared(head: str, exit_code: int, onbox: Onbox, copy: Path) -> None:
    """A head that was noted elsewhere is looked for."""
    assert exit_code == onbox.without_terminal("audit", "verify", "--file", str(copy), "--head", head).exit_code


def test_copies_are_compared(onbox: Onbox, copy: Path) -> None:
    """Copies of records that the journal lost are damage, also of a journal that is gone."""
    log = copy.with_name("log")
    log.write_bytes(b"".join(LINES))
    assert (0, 5) == (told(onbox, "--file", str(copy), "--against", str(log))[0], len(LINES))

    copy.write_bytes(b"".join(LINES[:4]))
    copy.with_name("tip.json").unlink()
    exit_code, fields = told(onbox, "--file", str(copy), "--against", str(log))
    assert (7, "damaged", None, [5]) == (exit_code, fields["outcome"], fields["problem"], fields["copies"]["lost"])

    copy.unlink()
    exit_code, fields = told(onbox, "--file", str(copy), "--against", str(log))
    assert (7, [1, 2, 3, 4, 5]) == (exit_code, fields["copies"]["lost"])


@pytest.mark.parametrize(("arguments", "exit_code"), [((), 3), (("--against", "missing"), 2)])
def test_what_cannot_be_read_is_no_damage(
    arguments: tuple[str, ...], exit_code: int, onbox: Onbox, tmp_path: Path
) -> None:
    """A journal or log that isn't there is said in words, with another exit code than damage."""
    run = onbox.without_terminal("audit", "verify", "--file", str(tmp_path / "none"), *arguments)

    assert (exit_code, "") == (run.exit_code, run.screen)
    assert "No such file" in run.errors


def test_nothing_is_written(onbox: Onbox, copy: Path) -> None:
    """Neither the journal nor its folder is touched."""

    def state() -> list[tuple[str, int, int]]:
        return sorted((path.name, path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in copy.parent.iterdir())

    before = state()

    onbox.without_terminal("audit", "verify", "--file", str(copy))

    assert before == state()


SOUND = Verification(3, HEAD, "agrees", None)
TORN = Verification(3, HEAD, "missing", Problem(4, "it was never finished", accident=True))
DAMAGED = Verification(3, HEAD, "unreadable", Problem(None, "it is gone"), head_at=1)
LEFT = Verification(
    3, HEAD, "behind", None, unfinished=({"run": "run-9", "time": "2026", "actor": {"admin": "ocadmin"}},)
)
COPIES = Comparison(compared=5, without_copy=[1, 2], unrecorded=["run-7"], others=3, unreadable=4)


@pytest.mark.parametrize(
    ("verification", "comparison", "expected"),
    [
        (SOUND, None, "sound"),
        (LEFT, COPIES, "sound"),
        (TORN, None, "torn"),
        (TORN, Comparison(lost=[3]), "damaged"),
        (SOUND, Comparison(changed=[3]), "damaged"),
        (DAMAGED, COPIES, "damaged"),
    ],
)
def test_outcome_is_the_worst(verification: Verification, comparison: Comparison | None, expected: str) -> None:
    """What was lost or changed weighs more than an accident; notes weigh nothing."""
    assert expected == outcome(verification, comparison)


ROWS = [
    (SOUND, None, [("ok", "Chain", "3 sound records from the beginning on"), ("ok", "Tip", "tip.json agrees")]),
    (
        LEFT,
        COPIES,
        [
            ("ok", "Chain", "3 sound records from the beginning on"),
            ("ok", "Tip", "tip.json names an earlier record of the journal"),
            ("warning", "No result", "run run-9 of ocadmin at 2026"),
            ("ok", "Copies", "5 compared"),
            ("warning", "Copies", "without a copy: record 1-2"),
            ("warning", "Copies", "only syslog has the result of run run-7"),
            ("warning", "Copies", "4 were cut or garbled on the way"),
            ("ok", "Copies", "3 are of other hosts"),
        ],
    ),
    (
        TORN,
        Comparison(compared=1, lost=[3]),
        [
            ("ok", "Chain", "3 sound records from the beginning on"),
            ("warning", "Tip", "there is no tip.json, so a cut-off end would not show"),
            ("ok", "Copies", "1 compared"),
            ("error", "Copies", "lost: record 3"),
            ("warning", "Line 4", "it was never finished"),
        ],
    ),
    (
        DAMAGED,
        None,
        [
            ("ok", "Chain", "3 sound records from the beginning on"),
            ("error", "Tip", "tip.json is not what onbox writes"),
            ("ok", "Known head", "it is record 1; 2 were written since"),
            ("error", "Journal", "it is gone"),
        ],
    ),
]


@pytest.mark.parametrize(("verification", "comparison", "rows"), ROWS, ids=["sound", "left", "torn", "damaged"])
def test_each_thing_has_a_row(
    verification: Verification, comparison: Comparison | None, rows: list[tuple[str, str, str]]
) -> None:
    """A person sees everything that was looked at, and what is wrong last."""
    assert rows == findings(verification, comparison)


def test_runs_without_a_result_are_members() -> None:
    """A program gets the run, the time and the administrator of each run without a result."""
    members = as_json(LEFT, COPIES)

    assert [{"run": "run-9", "time": "2026", "admin": "ocadmin"}] == members["unfinished"]
    assert ["run-7"] == members["copies"]["unrecorded"]
