"""The commands that read the audit journal, as a person and a program meet them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from history import History
    from rehearsal import Machine, Onbox, Run


class Copy:
    """A copy of a journal, taken to another machine, and onbox there."""

    def __init__(self, history: History, path: Path, onbox: Onbox) -> None:
        """Copy the journal of *history* to *path*, for the user who runs onbox to read."""
        self.path, self._onbox = path, onbox
        shutil.copy(history.path, path)
        path.chmod(0o644)
        self.runs = [json.loads(line)["run"] for line in path.read_bytes().splitlines()]

    def told(self, command: str, **more: Any) -> Run:
        """Run a *command* that reads the copy."""
        return self._onbox.without_terminal(*command.split(), "--file", str(self.path), **more)

    def json(self, command: str) -> Any:
        """Return what a *command* tells a program."""
        return json.loads(self.told(f"{command} --json").screen)


@pytest.fixture
def copy(history: History, place: Path, onbox: Onbox) -> Copy:
    """Return a copy with a confirmed run, one with a strange note and an unknown outcome, and a denied login."""
    history.run(admin="bob", note="M\u00fcller")
    history.run("unknown", note="\x1b[31mred\x07\u202e")
    history.denied("eve")
    return Copy(history, place / "copy.jsonl", onbox)


def test_list_is_newest_first_in_80_columns(copy: Copy) -> None:
    """One line tells how a run ended, and the IDs in it lead to the pages; number and outcome narrow it together."""
    done = copy.told("audit list")
    head, *lines = done.screen.splitlines()
    narrowed = copy.json("audit list --last 5 --outcome success")

    assert 0 == done.exit_code
    assert head.startswith("time (UTC)")
    assert ["admin-denied", "update-unproven", "update-confirmed"] == [line.split()[4] for line in lines]
    assert ["eve", "ocadmin", "bob"] == [line.split()[5] for line in lines]
    assert copy.runs[0][:8] == lines[-1].split()[2]
    assert all(80 >= len(line) for line in done.screen.splitlines())
    assert [copy.runs[0]] == [record["run"] for record in narrowed["records"]]
    assert (str(copy.path), 0, 0) == (narrowed["file"], narrowed["bad_lines"], narrowed["exit_code"])


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("audit list --last 0", "--last"),
        ("audit list --outcome good", "--outcome"),
        ("audit list --file /nowhere", "/nowhere"),
        ("audit show zz", "onbox audit list"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(onbox: Onbox, command: str, words: str) -> None:
    """A list that is empty because of a slip of the pen would be believed."""
    done = onbox.without_terminal(*command.split())

    assert done.exit_code in (2, 3)
    assert words in done.errors
    assert "" == done.screen


def test_readers_without_a_journal_say_so(appliance: Machine, onbox: Onbox) -> None:
    """Before the first run there is nothing to show, and looking leaves nothing behind."""
    runs = [onbox.without_terminal(*command.split()) for command in ("audit list", "audit export", "status")]

    assert [(0, "")] * 3 == [(run.exit_code, run.errors) for run in runs]
    assert "No such run" in runs[0].screen
    assert "" == runs[1].screen
    assert [] == list(appliance.audit.iterdir())


def test_nothing_on_record_reaches_the_terminal_as_a_command(copy: Copy) -> None:
    """Control characters and changes of direction are shown as escapes, in each command and format."""
    show = f"audit show {copy.runs[3]}"
    exports = ("audit export --format csv", "audit export --format jsonl")
    for command in ("audit list", "audit list --json", show, f"{show} --json", *exports, "status"):
        done = copy.told(command, LANG="C", PYTHONUTF8="0")

        assert 0 == done.exit_code
        assert all(character.isprintable() or character == "\n" for character in done.screen)


def test_a_program_gets_what_the_screen_shows(copy: Copy) -> None:
    """A run as its records, how things stand, and the same export in every locale."""
    shown, status = copy.json(f"audit show {copy.runs[0]}"), copy.json("status")
    table = copy.told("audit export --format csv", LANG="C", PYTHONUTF8="0").screen

    assert ["admin.verified", "resync.attempt", "resync.result"] == [record["event"] for record in shown["records"]]
    assert copy.runs[3] == status["last"]["run"]
    assert [copy.runs[3]] == [record["run"] for record in status["open"]]
    assert [("eve", 1)] == [(each["admin"], each["count"]) for each in status["denials"]]
    assert "M\u00fcller" in table


def test_damage_hides_no_record_and_is_named(copy: Copy) -> None:
    """A JSON object is shown in any form, and each command points at the one that explains the damage."""
    copy.path.write_bytes(copy.path.read_bytes().replace(b",", b", ") + b'{"event":"resync.result"')
    for command in ("audit list", "audit export", "status", f"audit show {copy.runs[0]}"):
        done = copy.told(command)

        assert 0 == done.exit_code
        assert copy.runs[0][:8] in done.screen or command == "status"
        assert "onbox audit verify" in done.errors
    found = copy.json("audit list")
    assert (1, 7) == (found["bad_lines"], found["damaged"])


def test_export_that_was_cut_off_is_an_error(copy: Copy) -> None:
    """A full disk must not leave half an export behind an exit code of success."""
    for form in ("jsonl", "csv"):
        with Path("/dev/full").open("w") as full:
            run = copy.told(f"audit export --format {form}", stdout=full)

        assert 2 == run.exit_code
        assert "No space left on device" in run.errors
