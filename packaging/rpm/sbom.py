#!/usr/bin/env python3
"""Write the bill of materials to FILE, and print it as the RPM provides it: sbom PYTHON SOURCE FILE.

cyclonedx-bom lists the packages in PYTHON's site-packages. This program adds the interpreter, whose revision and
patches are in the file SOURCE, and the vulnerabilities that the patches resolve.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

# Other projects' code in CPython's source that the build compiles in.
BUNDLED = (("hacl-star", "Apache-2.0 OR MIT"), ("mimalloc", "MIT"), ("blake2", "CC0-1.0"))


def interpreter(source: str) -> dict[str, object]:
    """Give the component for CPython: Debian's revision in the first line of SOURCE, then a patch a line."""
    revision, *patches = source.split()
    version = revision.partition("-")[0]
    purl = f"pkg:deb/debian/python3.13@{revision.replace('+', '%2B')}?arch=source"
    return {
        "type": "platform",
        "bom-ref": purl,
        "name": "CPython",
        "version": version,
        "description": f"Debian's source {revision}, built without OpenSSL, zlib and other libraries",
        "licenses": [{"license": {"id": "PSF-2.0"}}],
        "purl": purl,
        "cpe": f"cpe:2.3:a:python:python:{version}:*:*:*:*:*:*:*",
        "pedigree": {"patches": [patch(name) for name in patches]},
        "components": [
            {"type": "library", "name": name, "licenses": [{"expression": expression}]} for name, expression in BUNDLED
        ],
    }


def patch(name: str) -> dict[str, object]:
    """Give the entry for a patch, whose name says what it resolves."""
    cve = re.match(r"CVE-\d+-\d+", name)
    resolved = {"type": "security", "id": cve[0]} if cve else {"type": "defect", "id": Path(name).stem}
    return {"type": "backport", "resolves": [resolved]}


def provides(components: list[dict[str, str]]) -> str:
    """Give the components in the words by which distributions find bundled software."""
    names = {"CPython": "bundled(python3)"}
    entries = [(names.get(each["name"], f"bundled(python3dist({each['name'].lower()}))"), each) for each in components]
    return ", ".join(f"{name} = {component['version']}" for name, component in entries)


def main(python: str, source_file: str, document_file: str) -> None:
    """Write the document and print what it lists."""
    options = ["--output-reproducible", "--spec-version", "1.6"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, python]
    document = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    own = next(component for component in document["components"] if component["name"] == "onbox")
    document["metadata"]["component"] = own | {"type": "application"}
    document["components"] = [component for component in document["components"] if component is not own]
    runtime = interpreter(Path(source_file).read_text())
    document["components"].append(runtime)
    for entry in document["dependencies"]:
        if entry["ref"] == own["bom-ref"]:
            entry.setdefault("dependsOn", []).append(runtime["bom-ref"])
    Path(document_file).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(provides(document["components"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
