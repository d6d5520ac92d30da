"""The signature, as an administrator checks it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CACHE, build, copy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path, next_release: Path) -> list[str]:
    """Return rpm with a database of its own that knows the key."""
    rpmkeys = ["rpmkeys", "--dbpath", str(tmp_path / "database")]
    subprocess.run([*rpmkeys, "--import", next_release.parent / "onbox-signing-key.asc"], check=True)
    return rpmkeys


def check(rpmkeys: list[str], package: Path) -> tuple[int, str]:
    """Return how rpm -Kv ends, and what it prints."""
    done = subprocess.run([*rpmkeys, "-Kv", package], stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def test_accepted(database: list[str], next_release: Path) -> None:
    """The signature is accepted, over the header and, for old releases of rpm, over header and payload."""
    code, text = check(database, next_release)

    assert 0 == code, text
    assert "Header V4 RSA/SHA256 Signature" in text
    assert "    V4 RSA/SHA256 Signature" in text
    assert not {"NOKEY", "BAD", "NOTTRUSTED"} & set(text.replace(":", " ").split())


def test_unknown_key(tmp_path: Path, next_release: Path) -> None:
    """Without the key the signature is not taken for good."""
    code, text = check(["rpmkeys", "--dbpath", str(tmp_path / "empty")], next_release)

    assert 0 != code
    assert "NOKEY" in text


@pytest.mark.parametrize("place", [0.001, 0.03, 0.5, 0.999])
def test_changed_byte(tmp_path: Path, database: list[str], next_release: Path, place: float) -> None:
    """A changed byte is noticed, wherever it is: in the signature, the header or the payload."""
    changed = tmp_path / "changed.rpm"
    content = bytearray(next_release.read_bytes())
    content[int(len(content) * place)] ^= 1
    changed.write_bytes(content)

    code, text = check(database, changed)

    assert 0 != code, text


def test_unnext_release(database: list[str], package: Path) -> None:
    """A package without a signature shows none, though its digests are right."""
    code, text = check(database, package)

    assert 0 == code
    assert "Signature" not in text


def test_other_interpreter(tmp_path: Path, package: Path) -> None:
    """A package whose interpreter is made of something else than what is pinned isn't signed."""
    del package
    cache = tmp_path / "cache"
    cache.mkdir()
    for interpreter in CACHE.glob("interpreter-*"):
        shutil.copytree(interpreter, cache / interpreter.name)
        (cache / interpreter.name / "source").write_text("3.13.5-2+deb13u99\n")

    with pytest.raises(subprocess.CalledProcessError):
        build(copy(tmp_path / "onbox"), ONBOX_GPG_KEY="any", ONBOX_CACHE=str(cache), SOURCE_DATE_EPOCH="1")
    assert not (tmp_path / "onbox" / "dist").exists()
