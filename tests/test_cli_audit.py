"""The commands that read the audit trail, as a person and a program meet them."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from history import History
    from rehearsal import Machine, Onbox


@pytest.fixture
def copy(history: History, place: Path) -> Path:
    """Return a copy of a journal, taken to another machine, that the user who runs onbox can read."""
    history.run(admin="bob")
    history.run("unknown", note="\x1b[31mred\x07\u202e")
    history.denied("eve")
    path = place / "copy.jsonl"
    shutil.copy(history.path, path)
    path.chmod(0o644)
    return path


def run_of(path: Path, number: int) -> str:
    """Return the run of a record in *path*."""
    return str(json.loads(path.read_bytes().splitlines()[number])["run"])


def test_list_is_newest_first_in_80_columns(onbox: Onbox, copy: Path) -> None:
    """One line tells how a run ended, and the ids in it lead to the pages."""
    done = onbox.without_terminal("audit", "list", "--file", str(copy))
    head, *lines = done.screen.splitlines()

    assert 0 == done.exit_code
    assert head.startswith("time (UTC)")
    assert ["admin-denied", "update-unproven", "update-confirmed"] == [line.split()[4] for line in lines]
    assert ["eve", "ocadmin", "bob"] == [line.split()[5] for line in lines]
    assert run_of(copy, 0)[:8] == lines[-1].split()[2]
    assert all(80 >= len(line) for line in done.screen.splitlines())


def test_list_takes_all_wishes_at_once(onbox: Onbox, copy: Path) -> None:
    """Number and outcome narrow the list together."""
    wishes = ("--last", "5", "--outcome", "success")
    found = json.loads(onbox.without_terminal("audit", "list", "--file", str(copy), *wishes, "--json").screen)

    assert [run_of(copy, 0)] == [record["run"] for record in found["records"]]
    assert (str(copy), 0, 0) == (found["file"], found["bad_lines"], found["exit_code"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--last", "0"), "--last"),
        (("--outcome", "good"), "--outcome"),
        (("--file", "/nowhere"), "/nowhere"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(onbox: Onbox, arguments: tuple[str, ...], words: str) -> None:
    """A list that is empty because of a slip of the pen would be believed."""
    done = onbox.without_terminal("audit", "list", *arguments)

    assert done.exit_code in (2, 3)
    assert words in done.errors
    assert "" == done.screen


def test_readers_without_a_journal_say_so(appliance: Machine, onbox: Onbox) -> None:
    """Before the first run there is nothing to show, and looking leaves nothing behind."""
    listed = onbox.without_terminal("audit", "list")
    found = json.loads(onbox.without_terminal("audit", "list", "--json").screen)
    exported = onbox.without_terminal("audit", "export")
    status = onbox.without_terminal("status")

    assert (0, 0, 0) == (listed.exit_code, exported.exit_code, status.exit_code)
    assert "No such record" in listed.screen
    assert [] == found["records"]
    assert ("", "") == (exported.screen, exported.errors)
    assert 3 == len(status.screen.splitlines())
    assert [] == list(appliance.audit.iterdir())


def test_real_run_is_listed_shown_and_exported(appliance: Machine, onbox: Onbox) -> None:
    """The readers show what resync recorded."""
    assert 0 == onbox("resync", "--ticket", "CHG-4711").exit_code
    run = appliance.journal()[-1]["run"]

    listed = onbox("audit", "list", answers={})
    shown = onbox("audit", "show", run[:8], answers={})
    status = onbox("status", answers={})

    assert run[:8] in listed.screen
    assert "CHG-4711" in shown.screen
    assert "Confirmed" in shown.screen
    assert run[:8] in status.screen
    for form in ("jsonl", "csv"):
        assert run in onbox.without_terminal("audit", "export", "--format", form).screen


def test_nothing_on_record_reaches_the_terminal_as_a_command(onbox: Onbox, copy: Path) -> None:
    """Control characters and changes of direction are shown as escapes, in each command and format."""
    run = run_of(copy, 3)
    commands = (
        ("audit", "list"),
        ("audit", "list", "--json"),
        ("audit", "show", run),
        ("audit", "show", run, "--json"),
        ("audit", "export", "--format", "csv"),
        ("audit", "export", "--format", "jsonl"),
        ("status",),
    )
    for command in commands:
        done = onbox.without_terminal(*command, "--file", str(copy))

        assert 0 == done.exit_code
        assert all(character.isprintable() or character == "\n" for character in done.screen)


def test_page_is_plain_or_json(onbox: Onbox, copy: Path) -> None:
    """The same run as a page for a ticket, and as its records for a program."""
    run = run_of(copy, 0)
    arguments = ("audit", "show", run, "--file", str(copy))
    plain = onbox.without_terminal(*arguments)
    found = json.loads(onbox.without_terminal(*arguments, "--json").screen)

    assert run in plain.screen
    assert "bob" in plain.screen
    assert ["admin.verified", "resync.attempt", "resync.result"] == [record["event"] for record in found["records"]]


def test_unknown_and_ambiguous_runs_are_usage_errors(onbox: Onbox, copy: Path) -> None:
    """Neither shows a page, and both say what to do."""
    unknown = onbox.without_terminal("audit", "show", "zz", "--file", str(copy))
    ambiguous = onbox.without_terminal("audit", "show", "", "--file", str(copy))

    assert (2, 2) == (unknown.exit_code, ambiguous.exit_code)
    assert "onbox audit list" in unknown.errors


@pytest.mark.parametrize(
    ("changed", "bad", "damaged"),
    [
        (lambda content: content + b'{"event":"resync.result"', 1, 0),
        (lambda content: content.replace(b",", b", "), 0, 7),
        (lambda content: content.replace(b"\n", b"\r\n"), 0, 7),
        (lambda content: content + b'{"event":"resync.result","run":[1],"actor":5}\n', 0, 1),
    ],
    ids=["incomplete", "reformatted", "CR LF", "other types"],
)
def test_damage_hides_no_record_and_is_named(
    changed: Callable[[bytes], bytes], bad: int, damaged: int, onbox: Onbox, copy: Path
) -> None:
    """A JSON object is shown in any form, and each command points at the one that explains the damage."""
    run = run_of(copy, 0)
    copy.write_bytes(changed(copy.read_bytes()))
    for command in (("audit", "list"), ("audit", "export"), ("status",), ("audit", "show", run)):
        done = onbox.without_terminal(*command, "--file", str(copy))

        assert 0 == done.exit_code
        assert run[:8] in done.screen or command == ("status",)
        assert "onbox audit verify" in done.errors
    found = json.loads(onbox.without_terminal("audit", "list", "--json", "--file", str(copy)).screen)
    assert (bad, damaged) == (found["bad_lines"], found["damaged"])


def test_status_as_json(onbox: Onbox, copy: Path) -> None:
    """A program gets what the screen shows."""
    found = json.loads(onbox.without_terminal("status", "--json", "--file", str(copy)).screen)

    assert run_of(copy, 3) == found["last"]["run"]
    assert [run_of(copy, 3)] == [record["run"] for record in found["open"]]
    assert [("eve", 1)] == [(each["admin"], each["count"]) for each in found["denials"]]


def test_export_is_utf8_in_any_locale(onbox: Onbox, history: History, place: Path) -> None:
    """A redirected export is the same in every locale."""
    history.run(note="M\u00fcller")
    path = place / "copy.jsonl"
    shutil.copy(history.path, path)
    path.chmod(0o644)
    done = onbox.without_terminal("audit", "export", "--format", "csv", "--file", str(path), LANG="C", PYTHONUTF8="0")

    assert "M\u00fcller" == list(csv.DictReader(io.StringIO(done.screen)))[-1]["note"]


def test_export_that_was_cut_off_is_an_error(onbox: Onbox, copy: Path) -> None:
    """A full disk must not leave half an export behind an exit code of success."""
    for form in ("jsonl", "csv"):
        with Path("/dev/full").open("w") as full:
            run = onbox.without_terminal("audit", "export", "--format", form, "--file", str(copy), stdout=full)

        assert 2 == run.exit_code
        assert "No space left on device" in run.errors


@pytest.mark.root
def test_other_accounts_cannot_read_the_journal(appliance: Machine, onbox: Onbox) -> None:
    """Another account learns whose journal it is, not what it contains."""
    onbox("resync")
    os.chown(appliance.audit, 0, 0)
    done = onbox.without_terminal("audit", "list")

    assert 3 == done.exit_code
    assert "Permission denied" in done.errors
