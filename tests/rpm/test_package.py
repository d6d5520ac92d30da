"""What is in the package, and what it asks of the machine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from onbox.messages import MESSAGES
from onbox.settings import Settings, parse
from rpm.machine import CACHE, CHECKOUT, output

if TYPE_CHECKING:
    from pathlib import Path

PACKAGING = CHECKOUT / "packaging" / "rpm"
LIBRARY = "usr/lib/onbox/lib/python3.13"

# The libraries that glibc has consisted of in all its releases.
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libutil.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2"}

# Where something is installed, and what each place is for.
PLACES = (
    r"/usr/lib/onbox(/.*)?",
    r"/usr/bin/onbox",
    r"/etc/onbox(/onbox\.toml)?",
    r"/usr/share/man/man8/onbox\.8\.gz",
    r"/usr/share/(doc/packages|licenses)/onbox(/.*)?",
    r"/usr/share/bash-completion(/completions(/onbox)?)?",
)


# The pages for administrators.
PAGES = {"README", "using", "reference", "audit", "security", "install", "appliance"}


def query(package: Path, form: str) -> list[str]:
    """Return what rpm says of the package, a line each."""
    return output("rpm", "-qp", "--qf", form, package).splitlines()


def python(content: Path, program: str) -> str:
    """Return what a program prints that can import what is in the package, and nothing else."""
    interpreter = next(CACHE.glob("interpreter-*/runtime/bin/python3.13"))
    folders = [str(content / LIBRARY), str(content / LIBRARY / "site-packages")]
    return output(interpreter, "-ISB", "-c", f"import sys; sys.path[:] = {folders}\n{program}")


def locked() -> dict[str, str]:
    """Return the libraries inside with their versions."""
    return dict(re.findall(r"^([a-z-]+)==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))


def interpreter() -> str:
    """Return the version of the interpreter inside."""
    return str(re.findall(r"^python=(\S+)", (PACKAGING / "runtime/pins").read_text(), re.MULTILINE)[0])


def test_size(package: Path) -> None:
    """The package takes at most 8 MB, and 45 MB when it is installed."""
    assert package.stat().st_size <= 8_000_000
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
    """The package has one program and no shared library, and the program needs no more than glibc 2.17."""
    program = content / "usr/bin/onbox"
    versions = re.findall(r"\(GLIBC_([0-9.]+)\)", output("objdump", "-T", program))
    libraries = re.findall(r"NEEDED +(\S+)", output("objdump", "-p", program))
    files = [path for folder in ("usr", "etc") for path in (content / folder).rglob("*") if path.is_file()]

    assert [program] == [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]
    assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17)
    assert set(libraries) <= GLIBC


def test_places(package: Path) -> None:
    """Files lie in the documented places: none below /opt/rsa, no service, no scheduled job."""
    files = query(package, "[%{FILENAMES}\n]")

    assert [] == [path for path in files if not any(re.fullmatch(place, path) for place in PLACES)]


def test_documentation(content: Path) -> None:
    """The package has the pages that an administrator reads, and each page that a message names."""
    folder = content / "usr/share/doc/packages/onbox"
    named = set(re.findall(r"/usr/share/doc/packages/onbox/[\w/-]+\.md", " ".join(map(str, MESSAGES.values()))))

    assert {path.stem for path in folder.rglob("*.md")} == PAGES
    assert named
    assert [] == [name for name in named if not (content / name[1:]).exists()]


def test_owner_and_mode(package: Path) -> None:
    """All belongs to root, nobody else can write it, and nothing runs with another user's rights."""
    files = query(package, "[%{FILEUSERNAME} %{FILEGROUPNAME} %{FILEMODES:octal} %{FILENAMES}\n]")
    wrong = [line for line in files if not re.match(r"root root (100644|100755|40755) ", line)]

    assert [] == wrong


def test_left_out(content: Path) -> None:
    """The modules that the list leaves out are gone, apart from those that it keeps."""
    lines = [line for line in (PACKAGING / "left-out").read_text().splitlines() if line and line[0] != "#"]
    kept = {line[1:] for line in lines if line[0] == "!"}
    left_out = [line for line in lines if line[0] != "!"]
    roots = (content / LIBRARY, content / LIBRARY / "site-packages")
    paths = [path.relative_to(root) for root in roots for path in root.rglob("*.py")]
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}

    assert len(left_out) > 50
    assert kept <= modules
    for name in left_out:
        below = f"{name.removesuffix('.*')}."
        assert {module for module in modules if module == name or module.startswith(below)} <= kept


def test_imports(content: Path) -> None:
    """Whatever onbox imports, at its start or later, is there."""
    sources = [path.read_text() for path in (CHECKOUT / "onbox").rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}

    python(content, "\n".join(f"import {name}" for name in sorted(names)))


def test_library(content: Path) -> None:
    """It has modules, and METADATA by which scanners know a package; each module is compiled for where it will be."""
    files = [path for path in (content / LIBRARY).rglob("*") if path.is_file()]
    sources = [path for path in files if path.suffix == ".py"]

    assert {".py", ".pyc", "METADATA"} == {path.suffix or path.name for path in files}
    assert len(sources) > 100
    for source in sources:
        compiled = (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()
        assert int.from_bytes(compiled[4:8], "little") == 1  # never compared with its source
        assert f"/{source.relative_to(content)}".encode() in compiled


def test_settings(content: Path) -> None:
    """The settings file says what the defaults are, and nothing is left unsaid."""
    text = (content / "etc/onbox/onbox.toml").read_text()
    spoken = re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)

    assert replace(parse(text.encode(), ""), file="", sha256="") == Settings()
    assert replace(parse(spoken.encode(), ""), file="", sha256="") == Settings()
    made = {"file", "sha256"}  # which are no settings, but say where they come from
    assert len(re.findall(r"^\w+ = ", spoken, re.MULTILINE)) == len({*vars(Settings())} - made)


def test_licences(content: Path) -> None:
    """The licence of everything inside is there: of onbox, of each library, of the interpreter, of what they carry."""
    folder = content / "usr/share/licenses/onbox"
    inside = {path.parent.name for path in (content / LIBRARY).rglob("METADATA")}

    assert inside | {"python3.13", "typer"} == {path.name for path in folder.iterdir()}
    assert all(
        any(path.stat().st_size > 500 for path in folder.glob(f"{name}/**/*") if path.is_file()) for name in inside
    )


def test_bill_of_materials(package: Path, content: Path) -> None:
    """It lists what is inside and which vulnerabilities patches resolve; the package provides the same as bundled."""
    document = json.loads((content / "usr/share/doc/packages/onbox/onbox.cdx.json").read_text())
    listed = {component["name"].lower(): component for component in document["components"]}
    patches = {patch["resolves"][0]["id"] for patch in listed["cpython"]["pedigree"]["patches"]}
    bundled = {f"bundled(python3dist({name})) = {version}" for name, version in locked().items()}
    provided = query(package, "[%{PROVIDENAME} = %{PROVIDEVERSION}\n]")

    assert "CycloneDX" == document["bomFormat"]
    assert "onbox" == document["metadata"]["component"]["name"]
    assert locked() | {"cpython": interpreter()} == {name: component["version"] for name, component in listed.items()}
    assert "CVE-2025-8194" in patches
    assert "file://" not in json.dumps(document)
    assert bundled | {f"bundled(python3) = {interpreter()}"} == {line for line in provided if "bundled" in line}


def test_changelog(package: Path) -> None:
    """The newest entry of rpm's changelog is that of this version."""
    text = output("rpm", "-qp", "--changelog", package)

    assert re.match(rf"\* \w+ \w+ \d+ \d+ .* - {query(package, '%{VERSION}')[0]}-1\n- ", text)


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
