"""Imports: few between the modules, and those that are slow only in the commands that use them."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING

import grimp
import pytest
from rehearsal import CHECKOUT, Onbox, without_rights

if TYPE_CHECKING:
    from rehearsal import Machine

# Each takes more than 20 ms; structlog imports rich, pygments and asyncio.
RECORDING = {"asyncio", "pygments", "rich", "structlog"}
SLOW = RECORDING | {"pydantic", "sh"}
MOST_IMPORTS = 8
MAY_IMPORT_MORE = {"onbox.cli", "onbox.resync.job"}


class Listing(Onbox):
    """The command, which lists the modules that it imports on its standard error."""

    def command(self, *arguments: str) -> list[str]:
        """Return the command line; -S leaves out the imports of the test environment itself."""
        python = [*without_rights(), sys.executable, "-S", "-X", "importtime"]
        return [*python, "-m", "onbox", "--config", str(self.machine.config), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment of a person, without coverage."""
        mine = {name: value for name, value in super().environment().items() if not name.startswith("COVERAGE_")}
        return mine | {"PYTHONPATH": f"{CHECKOUT}:{sysconfig.get_path('purelib')}"}


def slow(listing: str) -> set[str]:
    """Return the slow modules of *listing*."""
    return SLOW & {line.rpartition("|")[2].strip() for line in listing.splitlines()}


@pytest.fixture
def listing(appliance: Machine, onbox: Onbox) -> Listing:
    """Return the command that lists its imports."""
    return Listing(appliance, onbox.home)


@pytest.mark.parametrize(
    "arguments", ["--version", "--help", "resync --help", "check", "status", "audit list", "audit verify"]
)
def test_reading_imports_nothing_slow(listing: Listing, onbox: Onbox, arguments: str) -> None:
    """A command that neither writes a record nor starts rsautil answers at once."""
    onbox("resync")
    errors = listing.without_terminal(*arguments.split()).errors

    assert "onbox.cli" in errors
    assert set() == slow(errors)


def test_refusal_imports_no_sh(listing: Listing) -> None:
    """A run that never starts rsautil does not import sh."""
    run = listing("resync", "-o", "not allowed")

    assert run.exit_code
    assert slow(run.screen) <= RECORDING


@pytest.mark.xfail(reason="not yet")
def test_modules_import_few_others() -> None:
    """A module can be read with few others: three on average, and at most eight."""
    graph = grimp.build_graph("onbox")
    counts = {name: len(graph.find_modules_directly_imported_by(name) - {"onbox"}) for name in graph.modules}

    assert {name for name, count in counts.items() if count > MOST_IMPORTS} <= MAY_IMPORT_MORE
    assert sum(counts.values()) <= 3 * len(counts)
