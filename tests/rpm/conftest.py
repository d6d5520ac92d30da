"""The package, its content, and a root of another distribution release to install it in."""

from __future__ import annotations

import os
import subprocess
from time import time
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CHECKOUT, Root, build, copy, make_key, make_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def package() -> Path:
    """Return the RPM of this checkout."""
    return build(CHECKOUT)


@pytest.fixture(scope="session", autouse=True)
def gnupg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give gpg a home of its own, and end its agent."""
    os.environ["GNUPGHOME"] = str(tmp_path_factory.mktemp("gnupg"))
    yield
    subprocess.run(["gpgconf", "--kill", "all"], check=True)


@pytest.fixture(scope="session")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the RPM of the release after this one, signed with a key made for it, which lies beside it."""
    tree = copy(tmp_path_factory.mktemp("next") / "onbox")
    source = tree / "onbox" / "__init__.py"
    source.write_text(source.read_text().replace('__version__ = "', '__version__ = "9.'))
    return build(tree, ONBOX_GPG_KEY=make_key(), SOURCE_DATE_EPOCH=str(int(time())))


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory, package: Path) -> Path:
    """Return a folder with what the package installs."""
    folder = tmp_path_factory.mktemp("content")
    subprocess.run(["sh", "-c", 'rpm2archive - < "$0" | tar -xz', package], cwd=folder, check=True)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Return a fresh root."""
    return make_root(tmp_path / "root")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Root:
    """Return a root with the rehearsal appliance, which the tests of a module share."""
    root = make_root(tmp_path_factory.mktemp("machine") / "root")
    root.add_appliance("rsaadmin")
    return root
