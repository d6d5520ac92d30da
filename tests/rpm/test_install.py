"""Installation, upgrade and removal; the scriptlets run as root, in front of a folder that belongs to somebody else."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from rpm.machine import HOST, Root

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "appliance"
RESYNC = "onbox resync -o ocadmin --reason tokens-deleted"
ANSWERS = {"Password .*: ": "Rehearsal-1!", "Type the host name to go ahead: ": HOST}

FOLDER = "/var/log/onbox"
VICTIM = "/srv/victim"
NOBODY = "61173"  # an owner without a name

# Things with the name of the audit folder. Root owns most, so a check of the owner alone would not protect them.
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
# The audit folder's owner, by those of rsautil and of the folder around it.
OWNERS = {
    ("rsaadmin", "rsaadmin"): "rsaadmin",
    ("rsaadmin", "root"): "rsaadmin",
    ("root", "rsaadmin"): "rsaadmin",
    ("root", "root"): "root",
    (NOBODY, "rsaadmin"): "UNKNOWN",
}
LIST = f"find {VICTIM} {FOLDER} -printf '%p %y %U %G %m %l %s\\n' | sort; [ ! -e /srv/nothing ]"


def at_terminal(root: Root, command: str, answers: dict[str, str]) -> str:
    """Return the screen of the owner who logs in, runs a command and answers its questions."""
    person = root.login(OWNER)
    person.logfile_read = screen = io.StringIO()
    person.sendline(f"{command}; echo exit code $?")
    for question, answer in answers.items():
        person.expect(question)
        person.sendline(answer)
    person.expect(r"exit code \d+")
    person.sendline("exit")
    person.wait()
    return screen.getvalue()


def test_life(root: Root, package: Path, next_release: Path) -> None:
    """The owner of rsautil can use it; an upgrade keeps settings and journal; the removal leaves only these."""
    root.add_appliance(OWNER)
    before = root.files()

    assert (0, "") == root.run("rpm", "-U", package)
    assert (0, f"700 {OWNER} {OWNER}\n") == root.run("stat", "-c", "%a %U %G", FOLDER)
    assert "exit code 0" in at_terminal(root, "onbox check", {})
    assert "exit code 0" in at_terminal(root, RESYNC, ANSWERS)
    assert (0, "") == root.run("rpm", "-V", "onbox")

    settings = root.folder / "etc/onbox/onbox.toml"
    changed = settings.read_text().replace("#update = 300", "update = 200")
    settings.write_text(changed)
    code, text = root.run("rpm", "-U", next_release)
    assert 0 == code, text
    assert "onbox 9." in root.run("onbox", "--version")[1]
    assert changed == settings.read_text()
    assert "exit code 0" in at_terminal(root, RESYNC, ANSWERS)
    code, text = root.run("su", "--login", OWNER, "--command", "onbox audit verify")
    assert 0 == code, text
    assert ["c", "/etc/onbox/onbox.toml"] == root.run("rpm", "-V", "onbox")[1].split()[1:]

    code, text = root.run("rpm", "-e", "onbox")
    assert 0 == code
    assert FOLDER in text
    left = {path for path in root.files() - before if not path.startswith(f"{FOLDER}/")}
    assert {"/etc/onbox", "/etc/onbox/onbox.toml.rpmsave", FOLDER} == left
    assert 2 == (root.folder / FOLDER[1:] / "audit.jsonl").read_text().count('"code":"update-confirmed"')


@pytest.mark.parametrize("thing", THINGS)
def test_thing(machine: Root, package: Path, next_release: Path, thing: str) -> None:
    """Installation, upgrade and removal neither follow nor change nor fail on what has the audit folder's name."""
    check = f"({LIST}) > /tmp/after; diff /tmp/before /tmp/after || exit 11"
    lines = [
        f"mkdir -p -m 0711 {VICTIM}; echo text > {VICTIM}/file",
        THINGS[thing],
        f"({LIST}) > /tmp/before",
        *(f"rpm {step} || exit 12; {check}" for step in ("-U $1", "-U $2", "-e onbox")),
    ]
    code, text = machine.run("sh", "-c", "\n".join(lines), "sh", package, next_release)
    machine.run("rm", "-rf", FOLDER)

    assert 0 == code, text


@pytest.mark.parametrize(("utility", "folder"), OWNERS)
def test_owner(machine: Root, package: Path, utility: str, folder: str) -> None:
    """The audit folder belongs to the owner of rsautil, or, if that is root, of utils; if root owns both, to root."""
    machine.run("sh", "-c", f"cd /opt/rsa/am/utils; chown {utility} rsautil; chown {folder} .")
    code, text = machine.run("rpm", "-U", package)
    made = machine.run("stat", "-c", "%a %U", FOLDER)
    machine.run("rpm", "-e", "onbox")

    expected = OWNERS[utility, folder]
    assert 0 == code
    assert (0, f"700 {expected}\n") == made
    assert (expected == "root") == ("chown ACCOUNT: /var/log/onbox" in text)
    assert not (machine.folder / FOLDER[1:]).exists()


def test_no_appliance(root: Root, package: Path) -> None:
    """Without an appliance the installation says so in a line; the removal leaves nothing behind."""
    before = root.files()
    code, text = root.run("rpm", "-U", package)

    assert 0 == code
    assert 1 == len(text.splitlines())
    assert "/opt/rsa/am" in text
    assert (0, "") == root.run("rpm", "-V", "onbox")
    assert (0, "") == root.run("rpm", "-e", "onbox")
    assert before == root.files()
