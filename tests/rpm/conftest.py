"""What the RPM's tests share: the package, its content, and a root of another distribution release to install it in."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CHECKOUT, Root, build, copy, debian_11, make_key, make_root, output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def package() -> Path:
    """Return the RPM of this checkout."""
    return build(CHECKOUT)


@pytest.fixture(scope="session")
def built(package: Path) -> str:
    """Return the time that the package says it was built at."""
    return output("rpm", "-qp", "--qf", "%{BUILDTIME}", package)


def build_elsewhere(folder: Path, built: str) -> Path:
    """Build the same RPM elsewhere: what the place, the time, the machine and the user can change is another."""
    tree = copy(folder / "a folder of another name", backwards=True)
    prefix = ["setpriv", "--groups", "7", "taskset", "1", "unshare", "--uts"]
    place = {"TZ": "Asia/Kathmandu", "LC_ALL": "ja_JP.eucJP", "HOME": str(folder), "SOURCE_DATE_EPOCH": built}
    return build(tree, *prefix, "sh", "-c", 'hostname x && umask 077 && "$0"', **place)


def build_next(folder: Path, built: str) -> Path:
    """Build the RPM of the release after this one, signed with a key made for it."""
    tree = copy(folder / "onbox")
    source = tree / "onbox" / "__init__.py"
    source.write_text(source.read_text().replace('__version__ = "', '__version__ = "9.'))
    key = make_key(folder / "gnupg")
    return build(tree, ONBOX_GPG_KEY=key, GNUPGHOME=str(folder / "gnupg"), SOURCE_DATE_EPOCH=built)


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory, built: str) -> Iterator[dict[str, Future[Path]]]:
    """Return the builds that need not wait for each other."""
    with ThreadPoolExecutor() as pool:
        yield {
            "elsewhere": pool.submit(build_elsewhere, tmp_path_factory.mktemp("elsewhere"), built),
            "next": pool.submit(build_next, tmp_path_factory.mktemp("next"), built),
        }


@pytest.fixture(scope="session")
def other(builds: dict[str, Future[Path]]) -> Path:
    """Return the same RPM, built elsewhere."""
    return builds["elsewhere"].result()


@pytest.fixture(scope="session")
def next_release(builds: dict[str, Future[Path]]) -> Path:
    """Return the RPM of the release after this one, which is signed; the public key lies beside it."""
    return builds["next"].result()


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory, package: Path) -> Path:
    """Return a folder with what the package installs."""
    folder = tmp_path_factory.mktemp("content")
    shutil.copy(package, folder / "package.rpm")
    subprocess.run(["rpm2archive", "package.rpm"], cwd=folder, check=True)
    subprocess.run(["tar", "-xzf", "package.rpm.tgz"], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def bare_root() -> Path:
    """Return an archive with a fresh root."""
    return debian_11()


@pytest.fixture
def root(tmp_path: Path, bare_root: Path) -> Root:
    """Return a fresh root."""
    return make_root(tmp_path / "root", bare_root)
