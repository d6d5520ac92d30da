"""A life of the package on a machine: installed, used, upgraded, used again, removed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from rpm.machine import HOST, Result, Root

if TYPE_CHECKING:
    from pathlib import Path

ADMIN, PASSWORD = "ocadmin", "Rehearsal-1!"
JOURNAL = "/var/log/onbox/audit.jsonl"


def at_terminal(root: Root, owner: str, command: str, answers: dict[str, str]) -> str:
    """Return the screen of a person who logs in, runs a command and answers its questions."""
    person = root.login(owner)
    person.logfile_read = screen = io.StringIO()
    person.expect("[$] ")
    person.sendline(f"{command}; echo exit code $?")
    for question, answer in answers.items():
        person.expect(question)
        person.sendline(answer)
    person.expect(r"exit code \d+")
    person.sendline("exit")
    person.wait()
    return screen.getvalue()


def resync(root: Root, owner: str) -> str:
    """Return the screen of a resynchronisation."""
    answers = {"Password .*: ": PASSWORD, "Type the host name to go ahead: ": HOST}
    return at_terminal(root, owner, f"onbox resync -o {ADMIN} --reason tokens-deleted", answers)


def outcomes(root: Root) -> list[str]:
    """Return the outcomes of the resynchronisations on record."""
    records = [json.loads(line) for line in root.read(JOURNAL).splitlines()]
    return [record["outcome"] for record in records if record["event"] == "resync.result"]


def test_life(root: Root, package: Path, next_release: Path) -> None:
    """The owner of rsautil can use it; an upgrade keeps settings and journal; what is removed is gone."""
    owner = "appliance"
    root.add_appliance(owner)
    before = root.files()

    installed = root.rpm("-U", package)
    assert Result(0, "") == installed
    assert Result(0, f"700 {owner} {owner}\n") == root.run("stat", "-c", "%a %U %G", "/var/log/onbox")

    assert "exit code 0" in at_terminal(root, owner, "onbox check", {})
    assert "exit code 0" in resync(root, owner)
    assert ["success"] == outcomes(root)
    assert Result(0, "") == root.rpm("-V", "onbox")

    changed = root.read("/etc/onbox/onbox.toml").replace("#update = 300", "update = 200")
    (root.folder / "etc/onbox/onbox.toml").write_text(changed)
    upgraded = root.rpm("-U", next_release)
    assert 0 == upgraded.exit_code, upgraded.text
    assert root.run("onbox", "--version").text.startswith("onbox 9.")
    assert changed == root.read("/etc/onbox/onbox.toml")
    assert f"{owner}\n" == root.run("stat", "-c", "%U", "/var/log/onbox").text

    assert "exit code 0" in resync(root, owner)
    assert ["success", "success"] == outcomes(root)
    verified = root.run("su", "--login", owner, "--command", "onbox audit verify")
    assert 0 == verified.exit_code, verified.text
    assert ["c", "/etc/onbox/onbox.toml"] == root.rpm("-V", "onbox").text.split()[1:]

    removed = root.rpm("-e", "onbox")
    assert 0 == removed.exit_code
    assert "/var/log/onbox" in removed.text
    left = {path for path in root.files() - before if not path.startswith("/var/log/onbox/")}
    assert {"/etc/onbox", "/etc/onbox/onbox.toml.rpmsave", "/var/log/onbox"} == left
    assert ["success", "success"] == outcomes(root)
