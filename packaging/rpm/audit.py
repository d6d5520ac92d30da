#!/usr/bin/env python3
"""List vulnerable and outdated parts of the package: audit.py PYTHON [ADVISORIES].

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

# How a line begins, and the exit code that it asks for; the highest one counts.
FINE, OLD, VULNERABLE, UNCHECKED = "ok", "--", "!!", "??"
EXIT_CODES = {FINE: 0, OLD: 0, VULNERABLE: 1, UNCHECKED: 2}
NOTHING = "no known vulnerability"
Line = tuple[str, str, str]


def libraries(advisories: str) -> list[Line]:
    """Ask for known vulnerabilities of the locked libraries."""
    options = ["--disable-pip", "--require-hashes", "-r", str(LOCK), "-f", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", "-s", "osv", "--osv-url", advisories, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return [unreachable("libraries", advisories)]
    lines = [
        (VULNERABLE, "libraries", f"{library['name']} {library['version']}: {advisory['id']}, {fixed(advisory)}")
        for library in answers
        for advisory in library.get("vulns", [])
    ]
    skipped = [library["name"] for library in answers if "skip_reason" in library]
    lines += [(UNCHECKED, "libraries", f"not checked: {name}") for name in skipped]
    return lines or [(FINE, "libraries", f"{len(answers)} libraries: {NOTHING}")]


def fixed(advisory: dict[str, list[str]]) -> str:
    """Name the releases that fix what an advisory is about."""
    return f"fixed in {' or '.join(advisory['fix_versions'])}" if advisory["fix_versions"] else "not fixed yet"


def unreachable(what: str, advisories: str) -> Line:
    """Return the line for a service that does not answer, or not as it should."""
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


def interpreter(pinned: dict[str, str], advisories: str) -> Line:
    """Ask for known vulnerabilities of the interpreter."""
    question = {"version": pinned["debian"], "package": {"name": "python3.13", "ecosystem": "Debian:13"}}
    request = urllib.request.Request(advisories, json.dumps(question).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = ", ".join(sorted(advisory["id"] for advisory in json.load(answer).get("vulns", [])))
    except (OSError, ValueError):
        return unreachable("interpreter", advisories)
    return (VULNERABLE if found else FINE, "interpreter", f"CPython {pinned['debian']}: {found or NOTHING}")


def source(pinned: dict[str, str]) -> Line:
    """Look for a newer revision of the interpreter's source in Debian, and say what is new in it."""
    with tempfile.TemporaryDirectory() as folder:
        apt = [str(HERE / "runtime" / "debian-sources"), folder]
        download = [*apt, "apt-get", "source", "--only-source", "python3.13"]
        try:
            subprocess.run([*apt, "apt-get", "update"], check=True, capture_output=True)
            files = subprocess.run([*download, "--print-uris"], check=True, capture_output=True, text=True).stdout
            offered = pins(files)
            if offered["debian"] == pinned["debian"]:
                return (FINE, "interpreter", f"Debian has nothing newer than {pinned['debian']}")
            subprocess.run([*download, "--download-only", "--diff-only"], check=True, capture_output=True, cwd=folder)
        except (subprocess.CalledProcessError, ValueError) as error:
            return (UNCHECKED, "interpreter", f"Debian's archive can't be asked: {error}")
        with tarfile.open(next(Path(folder).glob("*.debian.tar.xz"))) as archive:
            changelog = archive.extractfile("debian/changelog")
            text = changelog.read().decode() if changelog else ""
    lines = re.findall(r"\S.*", text.partition(f"python3.13 ({pinned['debian']})")[0])
    what = ["Debian has a newer source; change packaging/rpm/runtime/pins to:"]
    what += [f"{name}={value}" for name, value in offered.items() if value != pinned[name]]
    return (VULNERABLE, "interpreter", "\n".join([*what, "It brings:", *lines]))


def pins(files: str) -> dict[str, str]:
    """Return the pins for the revision whose files are in *files*, which apt-get source --print-uris printed.

    Raises:
        ValueError: the archive has no such source.

    """
    found = re.findall(r" python3\.13_(\S+)\.(orig|debian)\.tar\.xz \d+ SHA256:(\w+)", files)
    if not found:
        raise ValueError("it offers no python3.13")
    names = {"orig": "python", "debian": "debian"}
    versions = {names[kind]: version for version, kind, _ in found}
    return versions | {f"{names[kind]}_sha256": checksum for _, kind, checksum in found}


def main(python: str, advisories: str = OSV) -> int:
    """Print the lines and return the exit code."""
    pinned = dict(re.findall(r"^(\w+)=(\S+)$", (HERE / "runtime" / "pins").read_text(), re.MULTILINE))
    lines = [*libraries(advisories), *outdated(python), interpreter(pinned, advisories), source(pinned)]
    for mark, what, text in lines:
        print(f"{mark}  {what:<12} " + text.replace("\n", "\n" + " " * 17))
    return max(EXIT_CODES[mark] for mark, _, _ in lines)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
