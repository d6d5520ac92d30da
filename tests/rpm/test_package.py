"""What is in the package, and what it asks of the machine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from onbox.settings import Settings, parse
from rpm.machine import CHECKOUT, output

if TYPE_CHECKING:
    from pathlib import Path

PACKAGING = CHECKOUT / "packaging" / "rpm"
LIBRARY = "opt/onbox/runtime/lib/python3.13"
PYTHON = "opt/onbox/runtime/bin/python3.13"

# The libraries that glibc has consisted of in all its releases.
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libutil.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2"}

# Where something is installed, and what each place is for.
PLACES = (
    r"/opt/onbox(/.*)?",
    r"/usr/bin/onbox",
    r"/etc/onbox(/onbox\.toml)?",
    r"/var/log/onbox",
    r"/usr/share/man/man8/onbox\.8\.gz",
    r"/usr/share/(doc/packages|licenses)/onbox(/.*)?",
    r"/usr/share/bash-completion(/completions(/onbox)?)?",
    r"/usr/share/zsh(/site-functions(/_onbox)?)?",
    r"/usr/share/fish(/vendor_completions\.d(/onbox\.fish)?)?",
)


def query(package: Path, form: str) -> list[str]:
    """Return what rpm says of the package, a line each."""
    return output("rpm", "-qp", "--qf", form, package).splitlines()


def python(content: Path, program: str) -> str:
    """Return what a program prints that the package's interpreter runs."""
    return output(content / PYTHON, "-IB", "-c", program)


def elf_files(content: Path) -> list[Path]:
    """Return the programs and shared libraries in the package."""
    files = [path for path in content.rglob("*") if path.is_file() and path.parent != content]
    return [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]


def test_size(package: Path) -> None:
    """The package takes at most 14 MB, and 45 MB when it is installed."""
    assert package.stat().st_size <= 14_000_000
    assert int(query(package, "%{SIZE}")[0]) <= 45_000_000


def test_format(package: Path) -> None:
    """An rpm as old as 4.11 can read the package: it knows all features of the format."""
    features = {line for line in query(package, "[%{REQUIRENAME}\n]") if line.startswith("rpmlib(")}
    known = {"CompressedFileNames", "FileDigests", "PayloadFilesHavePrefix", "PayloadIsXz"}

    assert {f"rpmlib({name})" for name in known} == features
    assert ["cpio xz 8"] == query(package, "%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}")
    assert package.read_bytes()[:5] == b"\xed\xab\xee\xdb\x03"


def test_requirements(package: Path) -> None:
    """Nothing is needed but the C library and a shell for the scriptlets."""
    needed = {line for line in query(package, "[%{REQUIRENAME}\n]") if not line.startswith("rpmlib(")}

    assert {"/bin/sh", "libc.so.6(GLIBC_2.17)(64bit)"} == needed


def test_symbols(content: Path) -> None:
    """Every program and shared library is content with glibc 2.17, and with glibc alone."""
    files = elf_files(content)

    assert [content / PYTHON] == files
    for path in files:
        versions = re.findall(r"\(GLIBC_([0-9.]+)\)", output("objdump", "-T", path))
        libraries = re.findall(r"NEEDED +(\S+)", output("objdump", "-p", path))
        assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17)
        assert set(libraries) <= GLIBC


def test_places(package: Path) -> None:
    """Files lie in the documented places: none below /opt/rsa, no service, no scheduled job."""
    files = query(package, "[%{FILENAMES}\n]")

    assert [] == [path for path in files if not any(re.fullmatch(place, path) for place in PLACES)]


def test_documentation(content: Path) -> None:
    """A page that a message leads to is on the appliance too."""
    sources = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r"\bdocs/[a-z-]+\.md", source)}

    assert "docs/compatibility.md" in named
    assert [] == [name for name in named if not (content / "usr/share/doc/packages/onbox" / name).exists()]


def test_owner_and_mode(package: Path) -> None:
    """All belongs to root, nobody else can write it, and nothing runs with another user's rights."""
    files = query(package, "[%{FILEUSERNAME} %{FILEGROUPNAME} %{FILEMODES:octal} %{FILENAMES}\n]")
    wrong = [line for line in files if not re.match(r"root root (100644|100755|40755|40700) ", line)]

    assert [] == wrong


def test_left_out(content: Path) -> None:
    """The modules that the list leaves out are gone."""
    lines = (PACKAGING / "left-out").read_text().splitlines()
    names = [line for line in lines if line and line[0] not in "#!" and not line.endswith("*")]
    program = f"""
from importlib.util import find_spec
from contextlib import suppress
for name in {names!r}:
    with suppress(ModuleNotFoundError):
        spec = find_spec(name)
        spec and spec.origin != "frozen" and print(name)
"""

    assert len(names) > 50
    assert python(content, program) == ""


def test_left_out_of_packages(content: Path) -> None:
    """Of packages that stay for one of their modules, the others are gone."""
    lines = (PACKAGING / "left-out").read_text().splitlines()
    for package in (line.removesuffix(".*") for line in lines if line.endswith(".*")):
        folder = content / LIBRARY / "site-packages" / package.replace(".", "/")
        kept = {line.removeprefix(f"!{package}.") for line in lines if line.startswith(f"!{package}.")}
        assert kept | {"__init__"} == {path.stem for path in folder.iterdir() if path.name != "__pycache__"}


def test_imports(content: Path) -> None:
    """Whatever onbox imports, at its start or later, is there."""
    sources = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}

    python(content, "\n".join(f"import {name}" for name in sorted(names)))


def test_bytecode(content: Path) -> None:
    """Every module is compiled, for the place where it will be, and never compared with its source."""
    sources = list((content / LIBRARY).rglob("*.py"))

    assert len(sources) > 100
    for source in sources:
        compiled = (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()
        assert int.from_bytes(compiled[4:8], "little") == 1
        assert f"/{source.relative_to(content)}".encode() in compiled


def test_only_modules(content: Path) -> None:
    """Below the library folder there are modules, and the files by which scanners recognise libraries."""
    files = [path for path in (content / LIBRARY).rglob("*") if path.is_file()]

    assert {".py", ".pyc", ""} == {path.suffix for path in files}
    assert {"METADATA"} == {path.name for path in files if not path.suffix}


def test_launcher(content: Path) -> None:
    """The command isolates the interpreter from the caller's environment and folder, and writes no bytecode."""
    first = (content / "usr/bin/onbox").read_text().splitlines()[0]

    assert f"#!/{PYTHON} -IB" == first


def test_settings(content: Path) -> None:
    """The settings file says what the defaults are, and nothing is left unsaid."""
    text = (content / "etc/onbox/onbox.toml").read_text()
    spoken = re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)

    assert replace(parse(text.encode(), ""), sha256="") == Settings()
    assert replace(parse(spoken.encode(), ""), sha256="") == Settings()
    assert len(re.findall(r"^\w+ = ", spoken, re.MULTILINE)) == 6


def test_licences(content: Path) -> None:
    """The licence of everything inside is there: of onbox, of each library, of the interpreter, of what they carry."""
    folder = content / "usr/share/licenses/onbox"
    inside = {path.parent.name for path in (content / LIBRARY).rglob("METADATA")}

    assert inside | {"python3.13", "typer"} == {path.name for path in folder.iterdir()}
    assert all(
        any(path.stat().st_size > 500 for path in folder.glob(f"{name}/**/*") if path.is_file()) for name in inside
    )


def test_bill_of_materials(content: Path) -> None:
    """The bill of materials lists what is inside, with its version, and which vulnerabilities patches resolve."""
    document = json.loads((content / "usr/share/doc/packages/onbox/onbox.cdx.json").read_text())
    listed = {component["name"].lower(): component for component in document["components"]}
    locked = dict(re.findall(r"^([a-z-]+)==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))
    patches = {patch["resolves"][0]["id"] for patch in listed["cpython"]["pedigree"]["patches"]}
    version = python(content, "import platform; print(platform.python_version())").strip()

    assert "CycloneDX" == document["bomFormat"]
    assert "onbox" == document["metadata"]["component"]["name"]
    assert locked | {"cpython": version} == {name: component["version"] for name, component in listed.items()}
    assert "CVE-2025-8194" in patches
    assert "file://" not in json.dumps(document)


def test_reproducible(package: Path, other: Path) -> None:
    """Built again, in another folder, at another time and for others, the package is the same to the byte."""
    assert package != other
    assert package.read_bytes() == other.read_bytes()


def test_rpmlint(package: Path) -> None:
    """There is nothing that rpmlint has to say beyond the exceptions, whose reasons stand beside them."""
    done = subprocess.run(
        ["rpmlint", "--config", PACKAGING / "rpmlint.toml", package], stdout=subprocess.PIPE, text=True, check=False
    )

    assert " 0 errors, 0 warnings" in done.stdout, done.stdout
    assert done.returncode == 0
