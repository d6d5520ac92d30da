"""Start-up: a module that is slow to import is imported only by the commands that use it."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest
from rehearsal import CHECKOUT, Onbox, without_rights

if TYPE_CHECKING:
    from rehearsal import Machine

# Each takes more than 20 ms; structlog imports rich, pygments and asyncio.
RECORDING = {"asyncio", "pygments", "rich", "structlog"}
SLOW = RECORDING | {"pydantic", "sh"}

START = """
import atexit, os, pathlib, sys
def note():
    pathlib.Path(os.environ["IMPORTS"]).write_text(" ".join(sys.modules))
atexit.register(note)
from onbox.cli import main
main()
"""


class Listing(Onbox):
    """The command, which lists the modules that it imported."""

    def command(self, *arguments: str) -> list[str]:
        """Return the command line; -S leaves out the imports of the test environment itself."""
        return [*without_rights(), sys.executable, "-S", "-c", START, "--config", str(self.machine.config), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment of a person, without coverage."""
        mine = {name: value for name, value in super().environment().items() if not name.startswith("COVERAGE_")}
        return mine | {"PYTHONPATH": f"{CHECKOUT}:{sysconfig.get_path('purelib')}", "IMPORTS": str(self.home / "list")}

    def slow(self) -> set[str]:
        """Return the slow modules that the last run imported."""
        return SLOW & set((self.home / "list").read_text().split())


@pytest.fixture
def listing(appliance: Machine, onbox: Onbox) -> Listing:
    """Return the command that lists its imports."""
    return Listing(appliance, onbox.home)


@pytest.mark.parametrize(
    "arguments", ["--version", "--help", "resync --help", "check", "status", "audit list", "audit verify"]
)
def test_reading_imports_nothing_slow(listing: Listing, arguments: str) -> None:
    """A command that neither writes a record nor starts rsautil answers at once."""
    listing("resync")
    listing.without_terminal(*arguments.split())

    assert set() == listing.slow()


def test_refusal_imports_no_sh(listing: Listing) -> None:
    """A run that never starts rsautil does not import sh."""
    assert listing("resync", "-o", "not allowed").exit_code
    assert listing.slow() <= RECORDING
