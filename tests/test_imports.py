"""What each command imports: what is slow to import is imported only on the way to its use."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest
from rehearsal import CHECKOUT, Onbox, without_rights

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Machine

# The parts of the standard library that take milliseconds and that not every command needs.
SLOW = {"asyncio", "concurrent", "email", "getpass", "hashlib", "http", "json", "logging", "multiprocessing", "socket"}
SLOW |= {"sqlite3", "ssl", "tempfile", "tomllib", "unittest", "xml", "zipfile"}

TYPER = {"annotated_doc", "shellingham", "typer"}
READING = TYPER | {"getpass", "hashlib", "json", "socket", "tomllib"}
# structlog takes rich's tracebacks along, which colour source code with pygments.
RECORDING = READING | {"asyncio", "concurrent", "logging", "pygments", "rich", "ssl", "structlog"}
RUNNING = RECORDING | {"email", "sh", "tempfile", "zipfile"}

START = """
import atexit, os, pathlib, sys
def note():
    pathlib.Path(os.environ["IMPORTS"]).write_text(" ".join(sys.modules))
atexit.register(note)
sys.argv[0] = "onbox"
from onbox.cli import main
main()
"""


class Listing(Onbox):
    """The command, which leaves a list of the modules it imported."""

    @property
    def _list(self) -> Path:
        return self.home / "imports"

    def command(self, *arguments: str) -> list[str]:
        """Return the whole command line; -S leaves out what the tests' environment imports at every start."""
        command = [*without_rights(), sys.executable, "-S", "-c", START]
        return [*command, "--config", str(self.machine.config), *arguments]

    def environment(self) -> dict[str, str]:
        """Return a person's environment, where coverage does not look into the process."""
        packages = f"{CHECKOUT}:{sysconfig.get_path('purelib')}"
        mine = {name: value for name, value in super().environment().items() if not name.startswith("COVERAGE_")}
        return mine | {"PYTHONPATH": packages, "IMPORTS": str(self._list)}

    def imported(self) -> set[str]:
        """Return the packages that the last run imported, without the quick ones of the standard library."""
        names = {name.partition(".")[0] for name in self._list.read_text().split()} - {"__main__", "onbox"}
        return {name for name in names if name in SLOW or name not in sys.stdlib_module_names}


@pytest.fixture
def listing(appliance: Machine, onbox: Onbox) -> Listing:
    """Return the command that lists its imports, in front of the rehearsal appliance."""
    return Listing(appliance, onbox.home)


@pytest.mark.parametrize(
    ("arguments", "may_import"),
    [
        ("--version", TYPER),
        ("--help", TYPER),
        ("resync --help", TYPER),
        ("audit --help", TYPER),
        ("check", READING),
        ("check --json", READING),
        ("audit list", READING),
        ("audit export", READING),
        ("status", RECORDING),
        ("resync", RECORDING),  # refused for want of a terminal
    ],
)
def test_command_imports_only_what_it_uses(listing: Listing, arguments: str, may_import: set[str]) -> None:
    """A command imports nothing slow that it has no use for."""
    listing.without_terminal(*arguments.split())

    assert set() == listing.imported() - may_import


@pytest.mark.parametrize("command", ["audit verify", "audit list", "audit list --json", "audit export", "status"])
def test_reading_imports_only_what_it_uses(listing: Listing, command: str) -> None:
    """Reading the records takes nothing of what writes them."""
    listing.without_terminal("resync")  # refused, which is put on record
    run = listing.without_terminal(*command.split())

    assert 0 == run.exit_code
    assert set() == listing.imported() - READING


def test_name_is_refused_without_sh(listing: Listing) -> None:
    """Only the first command that is started needs sh, so it is not imported before."""
    run = listing("resync", "-o", "not allowed")

    assert "OC Administrator" not in run.screen
    assert set() == listing.imported() - RECORDING


def test_resync_imports_only_what_it_uses(listing: Listing) -> None:
    """A whole run imports what it runs rsautil and writes records with, and nothing else."""
    run = listing("resync")

    assert 0 == run.exit_code
    assert set() == listing.imported() - RUNNING
    assert {"sh", "structlog"} <= listing.imported()
