"""The signature, as an administrator checks it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from rpm.machine import CACHE, CHECKOUT, Root, make_key, output, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def knowing(machine: Root, next_release: Path) -> Root:
    """Return a root whose rpm knows the key of the release."""
    assert (0, "") == machine.run("rpm", "--import", next_release.with_name("onbox-signing-key.asc"))
    return machine


def test_accepted(knowing: Root, next_release: Path) -> None:
    """The signature is accepted, over the header and, for old releases of rpm, over header and payload."""
    code, text = knowing.run("rpm", "-Kv", next_release)

    assert 0 == code, text
    assert "Header V4 RSA/SHA256 Signature" in text
    assert "    V4 RSA/SHA256 Signature" in text


@pytest.mark.parametrize("place", [0.001, 0.03, 0.5, 0.999])
def test_changed_byte(tmp_path: Path, knowing: Root, next_release: Path, place: float) -> None:
    """A changed byte is noticed, wherever it is: in the signature, the header or the payload."""
    content = bytearray(next_release.read_bytes())
    content[int(len(content) * place)] ^= 1
    changed = tmp_path / "changed.rpm"
    changed.write_bytes(content)

    code, text = knowing.run("rpm", "-Kv", changed)

    assert 0 != code, text


def test_expired_key(tmp_path: Path, root: Root, package: Path) -> None:
    """The rpm of these years ignores that a key has expired, as docs/install.md says; gpg does not."""
    then = ("--faked-system-time", "20250101T000000")
    name = make_key(*then)
    define = {"__gpg": "/usr/bin/gpg", "_gpg_name": name, "_gpg_sign_cmd_extra_args": " ".join(then)}
    options = [option for macro, value in define.items() for option in ("--define", f"{macro} {value}")]
    signed = shutil.copy(package, tmp_path / "signed.rpm")
    output("rpmsign", *options, "--rpmv3", "--addsign", signed)
    key = tmp_path / "key.asc"
    key.write_text(output("gpg", "--armor", "--export", name))

    assert (0, "") == root.run("rpm", "--import", key)
    text = root.run("rpm", "-Kv", signed)[1]
    assert "Signature, key ID" in text
    assert not {"NOKEY", "NOTTRUSTED"} & set(text.split())
    assert "[expired: " in output("gpg", "--show-keys", key)


@pytest.mark.usefixtures("package")
def test_other_interpreter(tmp_path: Path) -> None:
    """A package whose interpreter is not made of what is pinned is not signed."""
    interpreter = tmp_path / next(CACHE.glob("interpreter-*")).name
    interpreter.mkdir()
    (interpreter / "source").write_text("3.13.5-2+deb13u99\n")
    code, text = run(CHECKOUT / "scripts" / "build-rpm", ONBOX_GPG_KEY="any", ONBOX_CACHE=str(tmp_path))

    assert 1 == code
    assert "won't sign" in text
