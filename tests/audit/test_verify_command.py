"""`onbox audit verify`, as a person or a job runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import journals
import logs
import pytest

from onbox.audit.record import GENESIS

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Machine, Onbox

    from onbox.audit.record import Record

RECORDS = logs.chain("now", 5, hour=2)
LINES = logs.lines(RECORDS).splitlines(keepends=True)
HEAD = RECORDS[-1]["hash"]


@pytest.fixture
def copy(place: Path) -> Path:
    """Return a copy of a journal that lies elsewhere, whose tip.json came along."""
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
    assert ["Head", appliance.journal()[-1]["hash"]] in [line.split() for line in run.screen.splitlines()]
    assert "3 records are intact" in " ".join(run.screen.split())


def test_copy_elsewhere_is_verified(onbox: Onbox, copy: Path) -> None:
    """A copy is read without the settings of its machine, and the tip.json beside it is used."""
    onbox.machine.config.unlink()

    assert 0 == onbox.without_terminal("audit", "verify", "--file", str(copy)).exit_code

    copy.write_bytes(b"".join(LINES[:3]))
    run = onbox.without_terminal("audit", "verify", "--file", str(copy))
    assert 7 == run.exit_code
    assert "Line 4" in run.screen


def test_program_gets_one_object(onbox: Onbox, copy: Path) -> None:
    """With --json there is one object, with a code for the verdict and for each finding."""
    lines = list(LINES)
    del lines[2]
    copy.write_bytes(b"".join(lines))

    exit_code, fields = told(onbox, "--file", str(copy))

    names = ("exit_code", "command", "code", "file", "records", "tip", "copies", "unfinished")
    expected = [7, "audit verify", "audit-damaged", str(copy), 2, "agrees", None, []]
    assert (7, expected) == (exit_code, [fields[name] for name in names])
    assert (3, "record-misplaced") == (fields["problem"]["line"], fields["problem"]["code"])
    found = [(finding["state"], finding["code"]) for finding in fields["findings"]]
    assert [("ok", "chain"), ("ok", "tip-agrees"), ("error", "record-misplaced")] == found


@pytest.mark.parametrize(("head", "exit_code"), [(HEAD, 0), (GENESIS, 0), ("f" * 64, 7), ("x", 2)])
def test_head_kept_elsewhere_is_compared(head: str, exit_code: int, onbox: Onbox, copy: Path) -> None:
    """A head that was noted elsewhere is looked for."""
    assert exit_code == onbox.without_terminal("audit", "verify", "--file", str(copy), "--head", head).exit_code


OLD = logs.chain("old", 3, hour=1)
# The journal, the copies, other arguments, and the code of the verdict.
COMPARISONS: dict[str, tuple[bytes, list[Record], list[str], str]] = {
    "sound": (logs.lines(RECORDS), RECORDS, [], "audit-sound"),
    "truncated": (logs.lines(RECORDS[:4]), RECORDS, [], "audit-damaged"),
    "another chain": (logs.lines(RECORDS), [*OLD, *RECORDS], [], "audit-other-chain"),
    "another chain, known": (
        logs.lines(RECORDS),
        [*OLD, *RECORDS],
        ["--head", OLD[-1]["hash"], "--head", HEAD],
        "audit-sound",
    ),
    "set back": (
        logs.lines(logs.chain("back", 1, hour=3, after=RECORDS[:2])),
        logs.chain("back", 1, hour=3, after=RECORDS)[:5] + logs.chain("back", 1, hour=3, after=RECORDS[:2]),
        [],
        "audit-set-back",
    ),
    "no copies": (logs.lines(RECORDS), [], [], "copies-missing"),
    "text mode": (logs.lines(RECORDS).replace(b"\n", b"\r\n"), RECORDS, [], "audit-text-mode"),
    "incomplete": (logs.lines(RECORDS) + b"{", RECORDS, [], "audit-torn"),
}


@pytest.mark.parametrize(("journal", "copies", "arguments", "code"), COMPARISONS.values(), ids=COMPARISONS)
def test_copies_are_compared(
    journal: bytes, copies: list[Record], arguments: list[str], code: str, onbox: Onbox, copy: Path
) -> None:
    """The verdict has a code of its own for each case, and the exit code says whether there is damage."""
    copy.write_bytes(journal)
    copy.with_name("tip.json").unlink()
    log = copy.with_name("log")
    log.write_bytes(b"".join(map(logs.plain, copies)))

    exit_code, fields = told(onbox, "--file", str(copy), "--against", str(log), "--host", logs.HOST.name, *arguments)

    assert code == fields["code"]
    assert {"audit-sound": 0, "copies-missing": 2}.get(code, 7) == exit_code == fields["exit_code"]


def test_host_is_this_machine(appliance: Machine, onbox: Onbox) -> None:
    """Without --host, the copies of this machine count, not those of the host that the journal names."""
    onbox("resync")
    path = appliance.audit / "audit.jsonl"
    log = onbox.home / "log"
    log.write_bytes(b"".join(map(logs.plain, appliance.journal())))
    assert 0 == told(onbox, "--against", str(log))[0]
    assert 2 == told(onbox, "--against", str(log), "--host", "other")[0]

    renamed = [record | {"host": {"name": "other", "machine_id": None}} for record in appliance.journal()]
    path.write_bytes(logs.lines(logs.rechained(renamed, 0)))
    path.with_name("tip.json").unlink()
    exit_code, fields = told(onbox, "--against", str(log))
    assert (7, [1, 2, 3]) == (exit_code, fields["copies"]["changed"])


def test_removed_journal_has_lost_all(onbox: Onbox, copy: Path) -> None:
    """The copies tell what a removed journal held."""
    log = copy.with_name("log")
    log.write_bytes(b"".join(map(logs.plain, RECORDS)))
    copy.unlink()
    copy.with_name("tip.json").unlink()

    exit_code, fields = told(onbox, "--file", str(copy), "--against", str(log), "--host", "am1", "--head", HEAD)

    assert (7, [1, 2, 3, 4, 5]) == (exit_code, fields["copies"]["lost"])


@pytest.mark.parametrize(("arguments", "exit_code"), [((), 3), (("--against", "missing"), 2)])
def test_what_cannot_be_read_is_no_damage(
    arguments: tuple[str, ...], exit_code: int, onbox: Onbox, tmp_path: Path
) -> None:
    """A journal or log that isn't there is said in words, with another exit code than damage."""
    run = onbox.without_terminal("audit", "verify", "--file", str(tmp_path / "none"), *arguments)

    assert (exit_code, "") == (run.exit_code, run.screen)
    assert "No such file" in run.errors
