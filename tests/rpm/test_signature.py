"""The signature, as an administrator checks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CACHE, Root, build, copy, make_key, output

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


def test_expired_key(tmp_path: Path, root: Root, package: Path) -> None:
    """The rpm of these years ignores that a key has expired, as docs/install.md says; gpg does not."""
    home, then = tmp_path / "gnupg", ["--faked-system-time", "20250101T000000"]
    key = make_key(home, *then)
    signed = tmp_path / "signed.rpm"
    shutil.copy(package, signed)
    define = {"__gpg": "/usr/bin/gpg", "_gpg_name": key, "_gpg_sign_cmd_extra_args": " ".join(then)}
    options = [option for name, value in define.items() for option in ("--define", f"{name} {value}")]
    environment = {**os.environ, "GNUPGHOME": str(home)}
    subprocess.run(["rpmsign", *options, "--rpmv3", "--addsign", signed], check=True, env=environment)
    public = tmp_path / "key.asc"
    public.write_text(output("gpg", "--homedir", str(home), "--armor", "--export", key))

    assert 0 == root.rpm("--import", public).exit_code
    assert "Signature, key ID" in root.rpm("-Kv", signed).text
    assert not {"NOKEY", "NOTTRUSTED"} & set(root.rpm("-Kv", signed).text.split())
    assert "[expired: " in output("gpg", "--show-keys", public)


def test_no_signature(database: list[str], package: Path) -> None:
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
