"""The content of the package, and what it asks of the machine."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from onbox.errors import MESSAGES
from onbox.settings import Settings, parse
from rpm.machine import CACHE, CHECKOUT, build, copy, output, run

if TYPE_CHECKING:
    from pathlib import Path

PACKAGING = CHECKOUT / "packaging" / "rpm"
LIBRARY = "usr/lib/onbox/lib/python3.13"

# The libraries that glibc has consisted of in all its releases.
GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libutil.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2"}

# Everything that is installed lies here: nothing below /opt/rsa, no service, no scheduled job.
PLACES = (
    "/usr/bin/onbox",
    "/usr/lib/onbox",
    "/usr/share/bash-completion",
    "/usr/share/doc/packages/onbox",
    "/usr/share/licenses/onbox",
    "/usr/share/man/man8/onbox.8.gz",
    "/etc/onbox",
)


def query(package: Path, form: str) -> list[str]:
    """Return what rpm says of the package, a line each."""
    return output("rpm", "-qp", "--qf", form, package).splitlines()


def test_size(package: Path) -> None:
    """The package takes at most 8 MB, and 45 MB when it is installed."""
    assert package.stat().st_size <= 8_000_000
    assert int(query(package, "%{SIZE}")[0]) <= 45_000_000


def test_needs(package: Path) -> None:
    """The package needs nothing but the C library, a shell for the scriptlets, and an rpm as old as 4.11."""
    features = {"CompressedFileNames", "FileDigests", "PayloadFilesHavePrefix", "PayloadIsXz"}
    needs = {"/bin/sh", "libc.so.6(GLIBC_2.17)(64bit)", *(f"rpmlib({name})" for name in features)}

    assert needs == {*query(package, "[%{REQUIRENAME}\n]")}
    assert ["cpio xz 8"] == query(package, "%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}")
    assert b"\xed\xab\xee\xdb\x03" == package.read_bytes()[:5]


def test_symbols(content: Path) -> None:
    """The package has one program and no shared library, and the program needs no more than glibc 2.17."""
    program = content / "usr/bin/onbox"
    headers = output("objdump", "-p", program)
    versions = re.findall(r"GLIBC_([0-9.]+)", headers)
    files = [path for path in content.rglob("*") if path.is_file()]

    assert [program] == [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]
    assert max(tuple(map(int, version.split("."))) for version in versions) <= (2, 17)
    assert {*re.findall(r"NEEDED +(\S+)", headers)} <= GLIBC


def test_files(package: Path) -> None:
    """Files lie in the documented places and belong to root; only root can write them, and none gives rights."""
    for line in query(package, "[%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMODES:octal} %{FILENAMES}\n]"):
        owner, mode, name = line.split(" ", 2)
        assert owner == "root:root"
        assert mode in ("100644", "100755", "40755")
        assert name.startswith(PLACES)


def test_documentation(content: Path) -> None:
    """The package has the pages that an administrator reads, and each page that a message or a link leads to."""
    shipped = {"README", "using", "reference", "audit", "security", "install", "appliance"}
    folder = content / "usr/share/doc/packages/onbox"
    pages = list(folder.rglob("*.md"))
    named = re.findall(r"/usr/share/doc/packages/onbox/([\w/-]+\.md)", " ".join(map(str, MESSAGES.values())))
    places = [folder / name for name in named]
    places += [page.parent / link for page in pages for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text())]

    assert shipped == {page.stem for page in pages}
    assert named
    assert [] == [place for place in places if not place.exists()]


def test_left_out(content: Path) -> None:
    """The modules that the list leaves out are gone, apart from those that it keeps."""
    names = re.sub("#.*", "", (PACKAGING / "left-out").read_text()).split()
    kept = {name[1:] for name in names if name[0] == "!"}
    roots = (content / LIBRARY, content / LIBRARY / "site-packages")
    paths = [path.relative_to(root) for root in roots for path in root.rglob("*.py")]
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}

    assert kept == {each for each in modules for name in names if fnmatch(each, name) or fnmatch(each, f"{name}.*")}


def test_imports(content: Path) -> None:
    """Everything that onbox imports, at its start or later, is there."""
    trees = [ast.parse(path.read_text()) for path in (CHECKOUT / "onbox").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    interpreter = next(CACHE.glob("interpreter-*/runtime/bin/python3.13"))
    folders = [str(content / LIBRARY), str(content / LIBRARY / "site-packages")]
    lines = ["import sys", f"sys.path[:] = {folders}", *(f"import {name}" for name in sorted(names))]

    output(interpreter, "-ISB", "-c", "\n".join(lines))


def test_library(content: Path) -> None:
    """The library has modules, each compiled for its place, and METADATA by which scanners know a package."""
    files = [path for path in (content / LIBRARY).rglob("*") if path.is_file()]

    assert {".py", ".pyc", "METADATA"} == {path.suffix or path.name for path in files}
    for source in (content / LIBRARY).rglob("*.py"):
        compiled = (source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc").read_bytes()
        assert int.from_bytes(compiled[4:8], "little") == 1  # never compared with its source
        assert f"/{source.relative_to(content)}".encode() in compiled


def test_settings(content: Path) -> None:
    """The settings file has every setting, each with its default."""
    text = (content / "etc/onbox/onbox.toml").read_text()
    spoken = re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE)

    for each in (text, spoken):
        assert Settings() == replace(parse(each.encode(), ""), file="", sha256="")
    made = {"file", "sha256"}  # they are no settings, but say where the settings come from
    assert len({*vars(Settings())} - made) == len(re.findall(r"^\w+ = ", spoken, re.MULTILINE))


def test_licences(content: Path) -> None:
    """The licence of everything inside is there: of onbox, of each library, of the interpreter, of what they carry."""
    folder = content / "usr/share/licenses/onbox"
    inside = {path.parent.name for path in (content / LIBRARY).rglob("METADATA")}

    assert inside | {"python3.13", "typer"} == {path.name for path in folder.iterdir()}
    for name in inside:
        assert max(path.stat().st_size for path in folder.glob(f"{name}/**/*") if path.is_file()) > 500


def test_bill_of_materials(package: Path, content: Path) -> None:
    """It lists what is inside and which vulnerabilities patches resolve; the package provides the same as bundled."""
    libraries = dict(re.findall(r"^([a-z-]+)==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))
    python = re.findall(r"^python=(\S+)", (PACKAGING / "runtime/pins").read_text(), re.MULTILINE)[0]
    document = json.loads((content / "usr/share/doc/packages/onbox/onbox.cdx.json").read_text())
    listed = {component["name"].lower(): component for component in document["components"]}
    patches = {patch["resolves"][0]["id"] for patch in listed["cpython"]["pedigree"]["patches"]}
    bundled = {f"bundled(python3dist({name})) = {version}" for name, version in libraries.items()}
    provided = query(package, "[%{PROVIDENAME} = %{PROVIDEVERSION}\n]")

    assert "onbox" == document["metadata"]["component"]["name"]
    assert libraries | {"cpython": python} == {name: component["version"] for name, component in listed.items()}
    assert "CVE-2025-8194" in patches
    assert "file://" not in json.dumps(document)
    assert bundled | {f"bundled(python3) = {python}"} == {line for line in provided if "bundled" in line}


def test_changelog(package: Path) -> None:
    """The newest entry of rpm's changelog is that of this version."""
    text = output("rpm", "-qp", "--changelog", package)

    assert re.match(rf"\* \w+ \w+ \d+ \d+ .* - {query(package, '%{VERSION}')[0]}-1\n- ", text)


def test_reproducible(tmp_path: Path, package: Path) -> None:
    """Built where the place, the time, the machine and the user are others, the package is the same to the byte."""
    tree = copy(tmp_path / "a folder of another name")
    time = query(package, "%{BUILDTIME}")[0]
    place = {"TZ": "Asia/Kathmandu", "LC_ALL": "ja_JP.eucJP", "HOME": str(tmp_path), "SOURCE_DATE_EPOCH": time}
    machine = ("setpriv", "--groups", "7", "taskset", "1", "unshare", "--uts")
    other = build(tree, *machine, "sh", "-c", 'hostname x && umask 077 && "$0"', **place)

    assert package.read_bytes() == other.read_bytes()


def test_rpmlint(package: Path) -> None:
    """Each message of rpmlint is an exception in its settings, with a reason beside it."""
    code, text = run("rpmlint", "--strict", "--config", PACKAGING / "rpmlint.toml", package)

    assert 0 == code, text
