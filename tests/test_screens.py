"""The screens as they are seen, compared with stored ones.

An ordinary user renews the stored ones with ``./scripts/test tests/test_screens.py --snapshot-update -n 0``.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pexpect
import pytest
from emulator import screen
from history import History
from rehearsal import CHECKOUT, Machine, Onbox, make

from onbox.audit.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syrupy.assertion import SnapshotAssertion

HOST = "am82p"  # as stage/sitecustomize.py names it
STAGED = {"PYTHONPATH": f"{CHECKOUT}/tests/stage:{CHECKOUT}"}
NAME = r"Operations Console administrator: "
PASSWORD = r"Password of Operations Console administrator .*: "
REASON = r"Reason \[1-5\]: "
CONFIRM = r"Type the host name to go ahead: "
LOGIN = {NAME: "ocadmin", PASSWORD: "Rehearsal-1!"}
ALL = LOGIN | {REASON: "1", CONFIRM: HOST}
GIVEN = ("--reason", "users-found", "--confirm", HOST)


class Case(NamedTuple):
    """A run: its exit code, how rsautil behaves, what was typed, and what is answered."""

    exit_code: int
    behaviour: dict[str, str] = {}  # noqa: RUF012 - never changed
    arguments: tuple[str, ...] = GIVEN
    answers: dict[str, str] = LOGIN
    settings: str = ""


CASES = {
    "success": Case(0, arguments=("--ticket", "CHG-4711"), answers=ALL),
    "success with a note": Case(
        0, arguments=(), answers=LOGIN | {REASON: "other", "Note: ": "The CAS support asked for it", CONFIRM: HOST}
    ),
    "dry run": Case(0, arguments=("--dry-run",)),
    "accepted": Case(0, {"update": "no-notice"}),
    "refused: another host meant": Case(3, arguments=("--confirm", "am82r")),
    "refused: mistyped twice": Case(3, arguments=GIVEN[:2], answers=LOGIN | {f"^.*{CONFIRM}": "am28p", CONFIRM: "am8"}),
    "refused: no syslog": Case(5, settings='syslog = "/nowhere"\nsyslog_required = true\n'),
    "usage: no such reason": Case(2, arguments=(), answers=LOGIN | {REASON: "6"}),
    "usage: no note": Case(2, arguments=("--reason", "other")),
    "usage: no note when asked": Case(2, arguments=(), answers=LOGIN | {REASON: "5", "Note: ": " "}),
    "usage: too long a ticket": Case(2, arguments=("--ticket", "x" * 101)),
    "usage: no such name": Case(2, arguments=("-o", "oc admin")),
    "password empty": Case(4, answers=LOGIN | {PASSWORD: ""}),
    "password wrong": Case(4, answers=LOGIN | {PASSWORD: "Wrong-1!"}),
    "administrator locked": Case(4, {"verify": "locked"}),
    "administrator not proven": Case(4, {"verify": "no-output"}),
    "check: services down": Case(4, {"verify": "services-down"}),
    "check: database down": Case(4, {"verify": "database-down"}),
    "failure: password not accepted": Case(1, {"update": "refused"}),
    "failure: no such key": Case(1, {"update": "missing-error"}),
    "failure: SQL error": Case(1, {"update": "sql-error"}),
    "failure: database down": Case(1, {"update": "database-down"}),
    "failure: not asked": Case(1, {"update": "services-down"}),
    "unknown: no answer": Case(6, {"update": "no-output"}),
    "unknown: contradiction": Case(6, {"update": "success-and-error"}),
    "unknown: stack trace": Case(6, {"update": "stack-trace"}),
    "unknown: killed": Case(6, {"update": "killed"}),
    "unknown: timeout": Case(6, {"update": "never-ends"}, settings="[timeouts]\nupdate = 1\n"),
}


@pytest.fixture
def staged() -> Iterator[Onbox]:
    """Return onbox in front of a rehearsal appliance whose path is equally long everywhere."""
    folder = Path(tempfile.mkdtemp(prefix="onbox-", dir="/tmp"))
    home = folder / "home"
    home.mkdir()
    yield Onbox(make(folder / "opt"), home)
    shutil.rmtree(folder)


def same_everywhere(machine: Machine, text: str) -> str:
    """Replace what differs from run to run by something of the same length."""
    text = text.replace(str(machine.folder.parent), "/tmp/onbox-12345678")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "2026-01-02T12:34:56.789012Z", text)
    text = re.sub(r"\d+ MiB for", "12345 MiB for", text)
    text = re.sub(r"/dev/pts/\d+", "/dev/pts/0", text)
    text = re.sub(r"\d\d:\d\d on \d{4}-\d\d-\d\d", "12:34 on 2026-01-02", text)
    return re.sub(r"\x1b\[K|\r[^\n]*\r", "", re.sub(r"\r(?=[^\n])[^\r\n]*", "", text))


@pytest.mark.parametrize("name", CASES)
def test_a_plain_screen_is_as_stored(name: str, staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """Each way a run can end reads as it was approved, on a console that can do nothing but ASCII."""
    case = CASES[name]
    staged.machine.behave(**case.behaviour)
    with staged.machine.config.open("a") as settings:
        settings.write(case.settings)
    if case.settings.startswith("syslog"):
        text = staged.machine.config.read_text().replace('syslog = ""\n', "")
        staged.machine.config.write_text(text)
    run = staged("resync", *case.arguments, answers=case.answers, LANG="C", **STAGED)

    assert case.exit_code == run.exit_code
    assert run.screen.isascii()
    assert max(map(len, run.screen.splitlines())) <= 80
    assert snapshot == same_everywhere(staged.machine, run.screen)


def damage(machine: Machine) -> None:
    """Put something into the journal that is no record."""
    journal = machine.audit / "audit.jsonl"
    journal.touch(0o600)
    journal.write_text('{"seq":1}\n')


def leave_open(machine: Machine) -> None:
    """Leave an attempt behind that has no result."""
    with closing(History(machine.audit)) as history:
        history.attempt()


def hold(machine: Machine) -> None:
    """Be a run that is under way, as long as these tests last."""
    Journal(machine.audit, os.getuid()).claim_run()


# How the machine is found before a run.
MACHINES: dict[str, tuple[int, Callable[[Machine], object]]] = {
    "sound": (0, lambda _: None),
    "no rsautil": (3, lambda machine: machine.rsautil.unlink()),
    "rsautil not executable": (3, lambda machine: machine.rsautil.chmod(0o644)),
    "rsautil unsafe": (3, lambda machine: machine.rsautil.chmod(0o777)),
    "folder of rsautil unsafe": (3, lambda machine: machine.home.chmod(0o775)),
    "another run": (3, hold),
    "journal damaged": (5, damage),
    "journal unsafe": (5, lambda machine: machine.audit.chmod(0o770)),
    "earlier run without a result": (0, leave_open),
}


@pytest.mark.parametrize("name", MACHINES)
def test_what_is_found_on_a_machine_is_as_stored(name: str, staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """What 'onbox check' finds, 'onbox resync' stops for, or goes on from."""
    exit_code, prepare = MACHINES[name]
    prepare(staged.machine)
    checked = staged("check", answers={}, LANG="C", **STAGED)
    run = staged("resync", *GIVEN, answers=LOGIN, LANG="C", **STAGED)
    # Each machine has something else that keeps its clock right.
    found = re.sub(r"(?m)^.. time .*\n(?: {14}.*\n)*", "", checked.screen)

    assert exit_code == run.exit_code
    assert max(map(len, (found + run.screen).splitlines())) <= 80
    assert snapshot == same_everywhere(staged.machine, found + run.screen)


def test_the_guard_against_a_lockout_is_as_stored(staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """From the third failure on it asks, and after the fourth it refuses."""
    wrong = LOGIN | {PASSWORD: "Wrong-1!", "Type yes to try again: ": "yes"}
    codes = [staged("resync", *GIVEN, answers=wrong, LANG="C", **STAGED).exit_code for _ in range(3)]
    asked = staged("resync", *GIVEN, answers=wrong, LANG="C", **STAGED)
    refused = staged("resync", *GIVEN, answers=wrong, LANG="C", **STAGED)

    assert [4, 4, 4, 4, 3] == [*codes, asked.exit_code, refused.exit_code]
    assert snapshot == same_everywhere(staged.machine, asked.screen + refused.screen)


def test_an_interrupted_run_is_as_stored(staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """^C at a question ends the run at once, and says that nothing was changed."""
    child = staged.spawn("resync", LANG="C", **STAGED)
    child.expect(NAME)
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()

    assert 130 == child.exitstatus
    assert child.before is not None
    assert snapshot == child.before.replace("\r\n", "\n").replace("^C", "")


def test_a_run_without_a_terminal_is_as_stored(staged: Onbox, snapshot: SnapshotAssertion) -> None:
    """Cron is told why it is refused."""
    run = staged.without_terminal("resync", **STAGED)

    assert 3 == run.exit_code
    assert snapshot == run.screen


@pytest.mark.parametrize("locale", ["C", "en_US.UTF-8"])
@pytest.mark.parametrize("term", ["linux", "xterm-256color"])
@pytest.mark.parametrize("size", [(80, 25), (132, 50)], ids=["80x25", "132x50"])
@pytest.mark.program("tmux")
def test_a_screen_of_a_terminal_is_as_stored(
    size: tuple[int, int], term: str, locale: str, staged: Onbox, snapshot: SnapshotAssertion
) -> None:
    """A whole run is on the screen at its end, on each kind of terminal."""
    environment = staged.environment() | STAGED | {"TERM": term, "LANG": locale}
    with screen(staged.command("resync"), environment, staged.machine.folder.parent, size, "onbox resync") as shown:
        for prompt, answer in ALL.items():
            shown.wait_for(f"^{prompt.rstrip()}$")
            shown.type(answer)
        shown.wait_for(r"^\$$")
        text = shown.text()

    assert "Reason [1-5]: 1\n" in text
    assert "Password of Operations Console administrator ocadmin:\n" in text
    assert snapshot == text
