"""The installed command, as it is called."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CHECKOUT, LOCALES, Root, make_root

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


@pytest.mark.parametrize("variable", ["LC_ALL", "LC_CTYPE", "LANG"])
@pytest.mark.parametrize(
    "locale", [*(f"{language}.{characters}" for language, characters in LOCALES.items()), "xx_XX.NO"]
)
def test_locales(installed: Root, variable: str, locale: str) -> None:
    """It starts in every locale that a login brings, installed or not, with an encoding that the package has or not."""
    known = installed.run("locale", "-a").text.split()
    result = installed.run("env", f"{variable}={locale}", "onbox", "--version")

    assert (locale in known) == (locale != "xx_XX.NO")
    assert re.fullmatch(r"onbox \S+\n", result.text)


SURROUNDINGS = {
    "closed standard streams": "onbox status <&- >&- 2>&-",
    "a folder that is gone": "mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; onbox status",
    "a folder that the user cannot read": "mkdir -m 0 /tmp/closed; cd /tmp/closed; su rsaadmin -c 'onbox status'",
    "no environment": "env -i /usr/bin/onbox status",
    "a large environment": "env LARGE=$(head -c 100000 /dev/zero | tr '\\0' x) onbox status",
    "an umask that forbids everything": "umask 777; onbox status",
    "no right to start processes": "prlimit --nproc=0 onbox status",
    "no right to write files": "prlimit --fsize=0 onbox status",
}


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
def test_unusual_surroundings(installed: Root, surrounding: str) -> None:
    """It starts whatever the caller left it."""
    result = installed.run("sh", "-c", SURROUNDINGS[surrounding])

    assert 0 == result.exit_code, result.text


# What keeps the interpreter from starting.
FAILURES = {
    "standard input is a folder": "onbox --version </",
    "too little memory": "prlimit --as=30000000 onbox --version",
    "too little memory for data": "prlimit --data=9000000 onbox --version",
    "a module of the library is gone": "rm /tmp/lib/encodings/__init__.py; onbox --version",
    "a module of a package is damaged": "echo damaged > /tmp/lib/site-packages/typer/__init__.py; onbox --version",
    "the library cannot be read": "chmod 0 /tmp/lib; su rsaadmin -c 'onbox --version'",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_start_is_a_refusal(installed: Root, failure: str) -> None:
    """CPython ends with 1 if it cannot start, onbox's code for a failed update; so onbox ends with 3 and says why."""
    library = "/usr/lib/onbox/lib/python3.13"
    prepare = f"rm -rf /tmp/lib; cp -R {library} /tmp/lib; find /tmp/lib -name __pycache__ -prune -exec rm -r {{}} +"
    result = installed.run("sh", "-c", f"{prepare}; mount --bind /tmp/lib {library}; {FAILURES[failure]}")

    assert 3 == result.exit_code, result.text
    assert "Nothing was changed" in result.text


@pytest.mark.parametrize("files", range(10))
def test_few_descriptors(installed: Root, files: int) -> None:
    """With no descriptor left it starts or not, but never says that an update failed."""
    assert 1 != installed.run("prlimit", f"--nofile={files}", "/usr/bin/onbox", "--version").exit_code


@pytest.mark.parametrize("load", ["shopt -s progcomp", ". /usr/share/bash-completion/completions/onbox"])
def test_completion(installed: Root, load: str) -> None:
    """Bash completes at the first TAB, with the package bash-completion and, once it has read the file, without."""
    start = ". /usr/share/bash-completion/bash_completion" if "shopt" in load else load
    person = installed.login("rsaadmin")
    person.expect("[$] ")
    person.sendline("TERM=dumb exec bash --norc -i")
    person.expect("[$] ")
    person.sendline(start)
    person.expect("[$] ")
    person.sendline("onbox resy\t --reason=toke\t\x01echo ")  # at last echo goes to the beginning of the line
    person.expect("onbox resync --reason=tokens-deleted")
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
