"""The installed command, as it is called."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CHECKOUT, Root, make_root

if TYPE_CHECKING:
    from pathlib import Path

PLAIN_PYTHON = os.environ["ONBOX_PLAIN_PYTHON"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, bare_root: Path, package: Path) -> Root:
    """Return a root with the rehearsal appliance and the package."""
    root = make_root(tmp_path_factory.mktemp("installed") / "root", bare_root)
    root.add_appliance("rsaadmin")
    assert 0 == root.rpm("-U", package).exit_code
    return root


def commands(root: Root, *group: str) -> list[tuple[str, ...]]:
    """Return the commands that the help lists, those of groups included."""
    text = root.run("onbox", *group, "--help").text
    listed = text.partition("Commands:")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z]\S*)", listed, re.MULTILINE)
    return [command for name in names for command in [(*group, name), *commands(root, *group, name)]]


def test_help(installed: Root) -> None:
    """Every command can be loaded and explains itself."""
    found = commands(installed)

    assert {("resync",), ("check",)} <= set(found)
    for command in found:
        result = installed.run("onbox", *command, "--help")
        assert 0 == result.exit_code
        assert "Usage: onbox " + " ".join(command) in result.text


def test_surroundings(installed: Root) -> None:
    """Neither the folder where it is called nor the environment gets other code into it."""
    folder = installed.folder / "home" / "rsaadmin" / "typer"
    folder.mkdir()
    (folder / "__init__.py").write_text("print('other code')")
    (folder.parent / "sitecustomize.py").write_text("print('other code')")
    lines = (
        "cd /home/rsaadmin; export PYTHONPATH=/home/rsaadmin PYTHONHOME=/nowhere PYTHONSTARTUP=/home/rsaadmin/typer",
        "export PYTHONINSPECT=1 PYTHONPLATLIBDIR=x PYTHONWARNINGS=error PYTHONDEVMODE=1",
        "onbox --version",
    )

    assert re.fullmatch(r"onbox \S+\n", installed.run("sh", "-c", "; ".join(lines)).text)


# How each shell is started and told what the appliance's own start files tell it.
SHELLS = {
    "bash": ("bash --norc -i", ". /usr/share/bash-completion/completions/onbox"),
    "zsh": ("zsh -f -i", "fpath+=(/usr/share/zsh/site-functions); autoload -U compinit && compinit -u -D"),
    "fish": ("fish --private", "true"),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion(installed: Root, shell: str) -> None:
    """The shells complete a command at the first try."""
    command, preparation = SHELLS[shell]
    person = installed.login("rsaadmin")
    person.expect("[$] ")
    person.sendline(f"TERM=dumb exec {command}")
    person.expect("[$%>] ")
    person.sendline(preparation)
    person.expect("[$%>] ")
    person.sendline("onbox resy\t --help")
    person.expect("Usage: onbox resync")
    person.close(force=True)


def seconds(*command: str) -> float:
    """Return the processor time that a command takes: other programs of the machine don't count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=CHECKOUT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_start(installed: Root) -> None:
    """It starts in at most 1.3 times the time that the same code takes in a plain virtual environment."""
    ours = ("chroot", str(installed.folder), "/usr/bin/onbox", "--version")
    plain = (PLAIN_PYTHON, "-m", "onbox", "--version")
    times = [(seconds(*ours), seconds(*plain)) for _ in range(20)]

    assert min(mine for mine, _ in times) <= 1.3 * min(its for _, its in times)
