"""The caller is described as far as the machine can tell."""

from __future__ import annotations

import ipaddress
import os
import pty
import pwd
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from onbox.identity import (
    Caller,
    Host,
    _kernel_number,
    account_name,
    address_of_this_host,
    home_folder,
    identify,
    this_host,
)

if TYPE_CHECKING:
    from pathlib import Path

SHOW = "from onbox.identity import identify; print(identify())"


def test_accounts() -> None:
    """Accounts have the name and the home folder that the system knows, or their number and the root folder."""
    assert ("root", "/root") == (account_name(0), home_folder(0))
    assert ("4000000", "/") == (account_name(4000000), home_folder(4000000))


def identified(**environment: str) -> str:
    """Return what a process with this environment says of its caller, without a terminal."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={name: value for name, value in os.environ.items() if name.startswith(("COV", "PYTHONPATH"))} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_client() -> None:
    """The address that SSH names is kept, without its ports; account names in the environment count for nothing."""
    uid = os.getuid()
    mine = Caller(account_name(uid), uid, _kernel_number("loginuid"), _kernel_number("sessionid"), None, None)

    assert repr(mine) == identified(USER="mallory", LOGNAME="mallory", SUDO_USER="mallory")
    assert repr(mine) == identified(SSH_CONNECTION="")
    assert "client='192.0.2.7')" in identified(SSH_CONNECTION="192.0.2.7 50022 192.0.2.1 22")


@pytest.mark.parametrize(
    ("variables", "client"),
    [
        ({"SSH_TTY": "HERE"}, "192.0.2.7"),
        ({"SSH_TTY": "/dev/pts/none"}, None),
        ({}, None),
        ({"SSH_TTY": "HERE", "TMUX": "/tmp/tmux-0/default,1,0"}, None),
        ({"SSH_TTY": "HERE", "STY": "1.pts-0.am"}, None),
    ],
)
def test_client_of_another_terminal(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], client: str | None
) -> None:
    """An address belongs to the terminal that SSH made for it; tmux, screen, su and script inherit another one's."""
    master, slave = pty.openpty()
    keep = os.dup(0)
    os.dup2(slave, 0)
    for name in ("SSH_TTY", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 50022 192.0.2.1 22")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("HERE", os.ttyname(slave)))
    try:
        assert client == identify().client
    finally:
        os.dup2(keep, 0)
        for descriptor in (master, slave, keep):
            os.close(descriptor)


def test_odd_account_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal acts on the name of an account."""
    odd = pwd.struct_passwd(("r\x1b[2Js\udcff", "x", 7, 7, "", "/", ""))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: odd)

    assert account_name(7).isprintable()


def test_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is that of standard input."""
    master, slave = pty.openpty()
    keep = os.dup(0)
    os.dup2(slave, 0)
    try:
        monkeypatch.delenv("SSH_CONNECTION", raising=False)
        assert os.ttyname(slave) == identify().tty
    finally:
        os.dup2(keep, 0)
        for descriptor in (master, slave, keep):
            os.close(descriptor)


@pytest.mark.parametrize(
    ("content", "number"), [("1000", 1000), ("0", 0), ("4294967295", None), ("", None), ("x", None)]
)
def test_kernel_number(tmp_path: Path, content: str, number: int | None) -> None:
    """A number that the kernel has not set, or does not keep, is None."""
    file = tmp_path / "loginuid"
    file.write_text(content)

    assert number == _kernel_number(str(file))
    assert _kernel_number("no-such-file") is None


@pytest.mark.parametrize(("content", "machine_id"), [("abc\n", "abc"), ("\n", None), ("\u00e4", None), (None, None)])
def test_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, machine_id: str | None) -> None:
    """The host has its name, and the identifier of its machine where there is one."""
    file = tmp_path / "machine-id"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr("onbox.identity.Path", lambda _: file)

    assert Host(socket.gethostname(), machine_id) == this_host()


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is one that others reach, from the kernel's routes; a machine without a route has none."""

    class Unreachable(socket.socket):
        def connect(self, _: object) -> None:
            raise OSError("no route")

    address = address_of_this_host()
    monkeypatch.setattr(socket, "socket", Unreachable)

    assert address is None or ipaddress.ip_address(address)
    assert address_of_this_host() is None
