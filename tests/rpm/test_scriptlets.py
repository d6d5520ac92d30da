"""The scriptlets, which run as root in front of an audit folder that belongs to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rpm.machine import Result, Root, make_root

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "/var/log/onbox"
VICTIM = "/srv/victim"
NOBODY = "61173"  # an owner without a name

# What may have the name of the audit folder. Each is laid by root, and so has an owner whom a scriptlet could trust.
THINGS = {
    "a link to a folder": f"ln -s {VICTIM} {FOLDER}",
    "a link to a file": f"ln -s {VICTIM}/file {FOLDER}",
    "a link to nothing": f"ln -s /srv/nothing {FOLDER}",
    "a FIFO": f"mkfifo {FOLDER}",
    "a file": f"echo text > {FOLDER}",
    "a folder of root": f"mkdir -m 0755 {FOLDER} && echo text > {FOLDER}/file",
    "a folder of another account": f"mkdir -m 0750 {FOLDER} && echo text > {FOLDER}/file && chown {NOBODY} {FOLDER}",
    "a folder with links": f"mkdir {FOLDER} && ln -s {VICTIM}/file {FOLDER}/audit.jsonl",
    "a mount": f"mkdir -p {FOLDER} && mount --bind {VICTIM} {FOLDER}",
}
LIST = f"find {VICTIM} {FOLDER} -printf '%p %y %U %G %m %l %s\\n' | sort; [ ! -e /srv/nothing ]"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, bare_root: Path) -> Root:
    """Return a root with the rehearsal appliance, and with a folder of root's that nobody may touch."""
    root = make_root(tmp_path_factory.mktemp("scriptlets") / "root", bare_root)
    root.add_appliance("rsaadmin")
    assert Result(0, "") == root.run("sh", "-c", f"mkdir -m 0711 {VICTIM} && echo text > {VICTIM}/file")
    return root


@pytest.mark.parametrize("thing", THINGS)
def test_a_thing_with_the_name_of_the_audit_folder_stays_as_it_is(
    machine: Root, package: Path, next_release: Path, thing: str
) -> None:
    """Installation, upgrade and removal neither follow nor change nor fail on what they did not make."""
    old, new = machine.put(package), machine.put(next_release)
    look = f"({LIST}) > /tmp/after; diff /tmp/before /tmp/after || exit 11"
    steps = (
        THINGS[thing],
        f"({LIST}) > /tmp/before",
        *(f"rpm {step} || exit 12; {look}" for step in (f"-U {old}", f"-U {new}", "-e onbox")),
    )
    result = machine.run("sh", "-c", "; ".join(steps))
    machine.run("rm", "-rf", FOLDER)

    assert 0 == result.exit_code, result.text


@pytest.mark.parametrize(
    ("utility", "folder", "expected"),
    [
        ("rsaadmin", "rsaadmin", "rsaadmin"),
        ("rsaadmin", "root", "rsaadmin"),
        ("root", "rsaadmin", "rsaadmin"),
        ("root", "root", "root"),
        (NOBODY, "rsaadmin", "UNKNOWN"),
    ],
)
def test_the_audit_folder_belongs_to_the_account_that_runs_rsautil(
    machine: Root, package: Path, utility: str, folder: str, expected: str
) -> None:
    """That is the owner of rsautil, or, if that is root, of the folder around it; if root owns both, root is told."""
    utils = "/opt/rsa/am/utils"
    machine.run("sh", "-c", f"chown {utility} {utils}/rsautil; chown {folder} {utils}")
    installed = machine.rpm("-U", package)
    made = machine.run("stat", "-c", "%a %U", FOLDER).text
    machine.rpm("-e", "onbox")

    assert (0, f"700 {expected}\n") == (installed.exit_code, made)
    assert (expected == "root") == ("chown ACCOUNT: /var/log/onbox" in installed.text)
    assert not machine.run("ls", FOLDER).text.startswith(FOLDER)


def test_an_installation_without_an_appliance(root: Root, package: Path) -> None:
    """If there is no appliance, the installation says so in a line; after the removal nothing at all is left."""
    before = root.files()
    installed = root.rpm("-U", package)

    assert 0 == installed.exit_code
    assert 1 == len(installed.text.splitlines())
    assert "/opt/rsa/am" in installed.text
    assert root.run("onbox", "--version").text.startswith("onbox ")
    assert Result(0, "") == root.rpm("-V", "onbox")
    assert Result(0, "") == root.rpm("-e", "onbox")
    assert set() == root.files() - before
