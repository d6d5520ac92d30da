"""Shared fixtures: a rehearsal appliance, and onbox as a real process, with and without a terminal."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from faults.scene import Scene
from history import History
from hypothesis import HealthCheck, settings
from rehearsal import CHECKOUT, Machine, Onbox, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The time that examples take says more about the other work of this machine.
settings.register_profile("onbox", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("onbox")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that leaves no test out."""
    parser.addoption("--everything", action="store_true", help="run what can't run here too, and let it fail")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, what needs root or a program that isn't here."""
    if not item.config.getoption("everything"):
        if item.get_closest_marker("root") and os.geteuid():
            pytest.skip("needs root")
        for program in item.iter_markers("program"):
            if not shutil.which(program.args[0]):
                pytest.skip(f"needs the program {program.args[0]}")


@pytest.fixture
def place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new folder that belongs to the user who runs onbox, and that this user can reach."""
    if not os.geteuid():
        base = tmp_path_factory.getbasetemp()
        for folder in (tmp_path, *tmp_path.parents):
            folder.chmod(0o711)
            if folder == base.parent:
                break
        os.chown(tmp_path, CHECKOUT.stat().st_uid, CHECKOUT.stat().st_gid)
    return tmp_path


@pytest.fixture
def appliance(place: Path) -> Machine:
    """Return a new rehearsal appliance with a settings file and an empty folder for the journal."""
    return make(place / "appliance")


@pytest.fixture
def onbox(appliance: Machine) -> Onbox:
    """Return the command ``onbox`` in front of the rehearsal appliance."""
    home = appliance.folder / "home"
    home.mkdir(mode=0o700)
    os.chown(home, appliance.folder.stat().st_uid, appliance.folder.stat().st_gid)
    return Onbox(appliance, home)


@pytest.fixture
def scene(onbox: Onbox) -> Iterator[Scene]:
    """Return a scene in which a run can be stopped at a place."""
    with Scene(onbox) as scene:
        yield scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty audit folder."""
    path = tmp_path / "audit"
    path.mkdir(0o700)
    return path


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Return an empty audit trail to add runs to."""
    folder = tmp_path / "trail"
    folder.mkdir(mode=0o700)
    with closing(History(folder)) as history:
        yield history
