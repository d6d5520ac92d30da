"""The installed command, as it is called."""

from __future__ import annotations

import os
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING

import pytest

from rpm.machine import Root, output

if TYPE_CHECKING:
    from pathlib import Path

# The library, to be damaged in a copy that the test mounts in its place.
LIBRARY = "/usr/lib/onbox/lib/python3.13"
COPY = f"""\
rm -rf /tmp/lib; cp -R {LIBRARY} /tmp/lib; mount --bind /tmp/lib {LIBRARY}
find /tmp/lib -name __pycache__ -prune -exec rm -r {{}} +
"""
# How a start in unusual surroundings ends. CPython ends with 1 if it cannot start, onbox's code for a failed update;
# so onbox ends with 3.
STARTS = {
    "closed standard streams": (0, "onbox status <&- >&- 2>&-"),
    "a folder that is gone": (0, "mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone; onbox status"),
    "a folder that the user cannot read": (0, "mkdir -m 0 /tmp/no; cd /tmp/no; su rsaadmin -c 'onbox status'"),
    "no environment": (0, "env -i /usr/bin/onbox status"),
    "a large environment": (0, "env LARGE=$(head -c 100000 /dev/zero | tr '\\0' x) onbox status"),
    "Python's variables": (0, "PYTHONHOME=/no PYTHONINSPECT=1 PYTHONPLATLIBDIR=x PYTHONWARNINGS=error onbox status"),
    "other code": (0, "cd /tmp; echo 'raise SystemExit(9)' | tee site.py > typer.py; PYTHONPATH=/tmp onbox status"),
    "an umask that forbids everything": (0, "umask 777; onbox status"),
    "no right to start processes": (0, "prlimit --nproc=0 onbox status"),
    "no right to write files": (0, "prlimit --fsize=0 onbox status"),
    "every locale": (
        0,
        """for locale in $(locale -a) xx_XX.NO; do for name in LC_ALL LC_CTYPE LANG; do
        env $name=$locale onbox --version || exit 9; done; done""",
    ),
    "few descriptors": (0, "for n in $(seq 0 12); do prlimit -n$n onbox --version; [ $? != 1 ] || exit 9; done"),
    "standard input is a folder": (3, "onbox --version </"),
    "too little memory": (3, "prlimit --as=30000000 onbox --version"),
    "too little memory for data": (3, "prlimit --data=9000000 onbox --version"),
    "a module of the library is gone": (3, f"{COPY} rm /tmp/lib/encodings/__init__.py; onbox --version"),
    "a damaged module": (3, f"{COPY} echo damaged > /tmp/lib/site-packages/typer/__init__.py; onbox --version"),
    "the library cannot be read": (3, f"{COPY} chmod 0 /tmp/lib; su rsaadmin -c 'onbox --version'"),
}


@pytest.fixture(scope="module")
def installed(machine: Root, package: Path) -> Root:
    """Return the root with the rehearsal appliance and the package."""
    assert (0, "") == machine.run("rpm", "-U", package)
    return machine


@pytest.mark.parametrize("surroundings", STARTS)
def test_surroundings(installed: Root, surroundings: str) -> None:
    """It starts in most surroundings; in the others it refuses, and says that nothing was changed."""
    expected, command = STARTS[surroundings]
    code, text = installed.run("sh", "-c", command)

    assert expected == code, text
    assert expected == 0 or "Nothing was changed" in text


@pytest.mark.parametrize("file", ["bash_completion", "completions/onbox"])
def test_completion(installed: Root, file: str) -> None:
    """Bash completes at the first TAB, with the package bash-completion and, once it has read the file, without."""
    person = installed.login("rsaadmin")
    for line in ("TERM=dumb exec bash --norc -i", f". /usr/share/bash-completion/{file}"):
        person.sendline(line)
        person.expect("[$] ")
    person.sendline("onbox resy\t --reason=toke\t\x01echo ")  # at last echo goes to the beginning of the line
    person.expect("onbox resync --reason=tokens-deleted")
    person.close(force=True)


def test_time(installed: Root) -> None:
    """It starts in at most 1.3 times the processor time that the same code takes in a plain virtual environment."""
    ours = ("chroot", str(installed.folder), "/usr/bin/onbox", "--version")
    plain = (os.environ["ONBOX_PLAIN_PYTHON"], "-m", "onbox", "--version")
    least = {ours: 60.0, plain: 60.0}
    for command in [ours, plain] * 20:
        before = sum(getrusage(RUSAGE_CHILDREN)[:2])
        output(*command)
        least[command] = min(least[command], sum(getrusage(RUSAGE_CHILDREN)[:2]) - before)

    assert least[ours] <= 1.3 * least[plain]
