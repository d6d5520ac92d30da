"""Imports: few between the modules, and those that are slow only in the commands that use them."""

from __future__ import annotations

import subprocess
import sysconfig
from typing import TYPE_CHECKING

import grimp
import pytest
from rehearsal import CHECKOUT

if TYPE_CHECKING:
    from rehearsal import Onbox

# Each takes more than 20 ms; structlog imports rich, pygments and asyncio.
RECORDING = {"asyncio", "pygments", "rich", "structlog"}
SLOW = RECORDING | {"pydantic", "sh"}
READING = ("--version", "--help", "resync --help", "check", "status", "audit list", "audit verify")
MOST_IMPORTS, MOST_ON_AVERAGE = 8, 3
MAY_IMPORT_MORE = {"onbox.cli", "onbox.resync.job"}


@pytest.mark.parametrize(("arguments", "allowed"), [*((each, set()) for each in READING), ("resync", RECORDING)])
def test_a_slow_module_is_imported_when_it_is_used(onbox: Onbox, arguments: str, allowed: set[str]) -> None:
    """A command that neither writes a record nor starts rsautil answers at once, and a refusal needs no sh."""
    onbox("resync")
    command = onbox.command(*arguments.split())
    at = command.index("-m")
    command[at:at] = ["-S", "-X", "importtime"]  # -S leaves out the imports of the test environment itself
    environment = onbox.environment() | {"PYTHONPATH": f"{CHECKOUT}:{sysconfig.get_path('purelib')}"}
    uncovered = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, env=uncovered, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert "onbox.cli" in imported
    assert SLOW & imported <= allowed


def test_modules_import_few_others() -> None:
    """A module can be read with few others: at most eight, and three on average."""
    graph = grimp.build_graph("onbox", cache_dir=None)
    counts = {name: len(graph.find_modules_directly_imported_by(name) - {"onbox"}) for name in graph.modules}

    assert {name for name, count in counts.items() if count > MOST_IMPORTS} <= MAY_IMPORT_MORE
    assert sum(counts.values()) <= MOST_ON_AVERAGE * len(counts)
