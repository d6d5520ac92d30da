"""`onbox audit verify`, as a person or a job runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import logs
import pytest

from onbox.audit.record import GENESIS

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Machine, Onbox

    from onbox.audit.record import Record

RECORDS = logs.chain("now", 5, hour=2)
WHOLE = logs.lines(RECORDS)
OLD = logs.chain("old", 3, hour=1)
BACK = logs.chain("back", 1, hour=3, after=RECORDS[:2])
FORGED = logs.chain("forged", 1, hour=3, after=RECORDS[:4])
HEAD, OLD_HEAD = RECORDS[-1]["hash"], OLD[-1]["hash"]


def told(onbox: Onbox, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and what was told as JSON."""
    run = onbox.without_terminal("audit", "verify", "--json", *arguments)
    assert "" == run.errors
    return run.exit_code, json.loads(run.screen)


def test_journal_of_this_machine_is_verified(appliance: Machine, onbox: Onbox) -> None:
    """Without --file and --host, the journal of the settings is compared with the copies of this machine."""
    onbox("resync")
    log = onbox.home / "log"
    log.write_bytes(b"".join(map(logs.plain, appliance.journal())))

    run = onbox.without_terminal("audit", "verify", "--against", str(log))

    assert (0, "") == (run.exit_code, run.errors)
    assert ["Head", appliance.journal()[-1]["hash"]] in [line.split() for line in run.screen.splitlines()]
    assert "3 records are intact" in " ".join(run.screen.split())
    assert 2 == told(onbox, "--against", str(log), "--host", "other")[0]

    renamed = [record | {"host": {"name": "other", "machine_id": None}} for record in appliance.journal()]
    (appliance.audit / "audit.jsonl").write_bytes(logs.lines(logs.rechained(renamed, 0)))
    (appliance.audit / "tip.json").unlink()
    exit_code, fields = told(onbox, "--against", str(log))
    assert (7, [1, 2, 3]) == (exit_code, fields["copies"]["lost"])


def test_program_gets_one_object(onbox: Onbox, place: Path) -> None:
    """With --json there is one object, with a code for the verdict and for each finding; no settings are needed."""
    onbox.machine.config.unlink()
    path = place / "copy.jsonl"
    path.write_bytes(logs.lines([*RECORDS[:2], *RECORDS[3:]]))

    exit_code, fields = told(onbox, "--file", str(path), "--head", HEAD)

    expected = {"exit_code": 7, "command": "audit verify", "code": "audit-damaged", "file": str(path), "records": 2}
    expected |= {"head": RECORDS[1]["hash"], "heads": {HEAD: None}, "tip": "missing", "form": "", "copies": None}
    assert (7, expected) == (exit_code, {name: fields[name] for name in expected})
    assert (3, "record-misplaced") == (fields["problem"]["line"], fields["problem"]["code"])
    found = [f"{finding['state']} {finding['code']}" for finding in fields["findings"]]
    assert ["ok chain", "warning tip-missing", "error head-missing", "error record-misplaced"] == found


# The journal, the copies, the heads that were noted, and the code of the verdict.
VERDICTS: list[tuple[bytes | None, list[Record] | None, list[str], str]] = [
    (WHOLE, None, [HEAD, GENESIS], "audit-sound"),
    (WHOLE, RECORDS, [], "audit-sound"),
    (WHOLE, [*OLD, *RECORDS], [OLD_HEAD, HEAD], "audit-sound"),
    (WHOLE, [*OLD, *RECORDS], [], "audit-other-chain"),
    (WHOLE, [], [], "copies-missing"),
    (WHOLE, None, ["f" * 64], "audit-damaged"),
    (WHOLE, None, ["x"], "head-unusable"),
    (WHOLE[:-9], RECORDS[:4], [], "audit-torn"),
    (WHOLE.replace(b"\n", b"\r\n"), RECORDS, [], "audit-text-mode"),
    (WHOLE, [*RECORDS, *FORGED], [], "audit-copies-differ"),
    (logs.lines(BACK), [*RECORDS, *BACK[2:]], [], "audit-set-back"),
    (logs.lines(RECORDS[:4]), RECORDS, [], "audit-damaged"),
    (None, RECORDS, [], "audit-damaged"),
    (None, None, [], "journal-unreadable"),
]
EXIT_CODES = {"audit-sound": 0, "copies-missing": 2, "head-unusable": 2, "journal-unreadable": 3}


@pytest.mark.parametrize(("journal", "copies", "heads", "code"), VERDICTS)
def test_each_verdict_has_its_code(
    journal: bytes | None, copies: list[Record] | None, heads: list[str], code: str, onbox: Onbox, place: Path
) -> None:
    """The exit code says whether there is damage, and the code says which."""
    path, log = place / "copy.jsonl", place / "log"
    if journal is not None:
        path.write_bytes(journal)
    arguments = ["--file", str(path), "--host", logs.NAMES[0]]
    if copies is not None:
        log.write_bytes(b"".join(map(logs.plain, copies)))
        arguments += ["--against", str(log)]

    exit_code, fields = told(onbox, *arguments, *(f"--head={head}" for head in heads))

    assert code == fields["code"]
    assert EXIT_CODES.get(code, 7) == exit_code == fields["exit_code"]
