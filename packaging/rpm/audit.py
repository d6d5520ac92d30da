#!/usr/bin/env python3
"""Say what of the package's content has known vulnerabilities, or is out of date: audit.py PYTHON [ADVISORIES].

PYTHON is the interpreter of an environment with the locked libraries; ADVISORIES the address to ask, OSV's by default.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE.parents[1] / "requirements.txt"
OSV = "https://api.osv.dev/v1/query"

# How each kind of line begins, and the exit code that it asks for; the highest one counts.
FINE, OLD, VULNERABLE, UNCHECKED = ("ok", 0), ("--", 0), ("!!", 1), ("??", 2)
NOTHING = "no known vulnerability"
Line = tuple[tuple[str, int], str, str]


def pins(text: str) -> dict[str, str]:
    """Give the names and values in the file of pins."""
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))


def newest(text: str) -> dict[str, str]:
    """Give the pins for the revision whose files are in what apt-get source --print-uris prints: the newest one."""
    tarball = re.search(r" python3\.13_(\S+)\.orig\.tar\.xz \d+ SHA256:(\w+)", text)
    changes = re.search(r" python3\.13_(\S+)\.debian\.tar\.xz \d+ SHA256:(\w+)", text)
    if not (tarball and changes):
        raise ValueError("it offers no python3.13")
    return {"python": tarball[1], "python_sha256": tarball[2], "debian": changes[1], "debian_sha256": changes[2]}


def debian_changes(pinned: dict[str, str]) -> list[Line]:
    """Look for a newer revision of the interpreter's source, and say what is new in it."""
    with tempfile.TemporaryDirectory() as folder:
        apt = [str(HERE / "runtime" / "debian-sources"), folder]
        try:
            subprocess.run([*apt, "apt-get", "update"], check=True, capture_output=True)
            source = [*apt, "apt-get", "source", "--only-source", "python3.13"]
            files = subprocess.run([*source, "--print-uris"], check=True, capture_output=True, text=True).stdout
            offered = newest(files)
            if offered["debian"] == pinned["debian"]:
                return [(FINE, "interpreter", f"Debian has nothing newer than {pinned['debian']}")]
            subprocess.run([*source, "--download-only", "--diff-only"], check=True, capture_output=True, cwd=folder)
        except (subprocess.CalledProcessError, ValueError) as error:
            return [(UNCHECKED, "interpreter", f"Debian's archive can't be asked: {error}")]
        with tarfile.open(next(Path(folder).glob("*.debian.tar.xz"))) as archive:
            log = archive.extractfile("debian/changelog")
            text = log.read().decode() if log else ""
    lines = [line.strip() for line in text.partition(f"python3.13 ({pinned['debian']})")[0].splitlines()]
    what = ["Debian has a newer source; change packaging/rpm/runtime/pins to:"]
    what += [f"{name}={value}" for name, value in offered.items() if value != pinned[name]]
    return [(VULNERABLE, "interpreter", "\n".join([*what, "It brings:", *filter(None, lines)]))]


def interpreter(pinned: dict[str, str], advisories: str) -> list[Line]:
    """Ask for known vulnerabilities of the pinned source, and for newer ones."""
    question = {"version": pinned["debian"], "package": {"name": "python3.13", "ecosystem": "Debian:13"}}
    request = urllib.request.Request(advisories, json.dumps(question).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = ", ".join(sorted(advisory["id"] for advisory in json.load(answer).get("vulns", [])))
    except (OSError, ValueError):
        line = unreachable("interpreter", advisories)
    else:
        line = (VULNERABLE if found else FINE, "interpreter", f"CPython {pinned['debian']}: {found or NOTHING}")
    return [line, *debian_changes(pinned)]


def libraries(advisories: str) -> list[Line]:
    """Ask for known vulnerabilities of the locked libraries; one that can't be asked for is not checked."""
    options = ["--disable-pip", "--require-hashes", "-r", str(LOCK), "-f", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "-s", "osv", "--osv-url", advisories, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return [unreachable("libraries", advisories)]
    lines = [
        (
            VULNERABLE,
            "libraries",
            f"{library['name']} {library['version']}: {advisory['id']}, fixed in {fixes(advisory)}",
        )
        for library in answers
        for advisory in library.get("vulns", [])
    ]
    skipped = [library["name"] for library in answers if "skip_reason" in library]
    lines += [(UNCHECKED, "libraries", f"not checked: {name}") for name in skipped]
    return lines or [(FINE, "libraries", f"{len(answers)} libraries: {NOTHING}")]


def fixes(advisory: dict[str, list[str]]) -> str:
    """Say which releases fix what an advisory is about."""
    return "fixed in " + " or ".join(advisory["fix_versions"]) if advisory["fix_versions"] else "not fixed yet"


def unreachable(what: str, advisories: str) -> Line:
    """Give the line for a service that doesn't answer, or not with what it should."""
    return (UNCHECKED, what, f"not checked for vulnerabilities: {advisories} can't be reached")


def outdated(python: str) -> list[Line]:
    """Name the locked libraries that have newer releases."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE))
    command = [python, "-m", "pip", "--disable-pip-version-check", "list", "--outdated", "--format", "json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return [(UNCHECKED, "libraries", f"not asked for newer releases: {done.stderr.strip()}")]
    found = [library for library in json.loads(done.stdout) if library["name"].lower() in locked]
    return [
        (OLD, "libraries", f"{library['name']} {library['version']} is locked, {library['latest_version']} is out")
        for library in found
    ]


def main(python: str, advisories: str = OSV) -> int:
    """Print the findings and return the exit code."""
    pinned = pins((HERE / "runtime" / "pins").read_text())
    lines = [*libraries(advisories), *outdated(python), *interpreter(pinned, advisories)]
    for (mark, _), what, text in lines:
        print(f"{mark}  {what:<12} " + text.replace("\n", "\n" + " " * 17))
    return max(code for (_, code), _, _ in lines)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
