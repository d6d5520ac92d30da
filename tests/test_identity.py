"""The caller is described as far as the machine can tell."""

from __future__ import annotations

import grp
import os
import pty
import pwd
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from onbox import identity
from onbox.identity import Host, account_name, identify, is_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDRESS = "192.0.2.7"
SSH = {"SSH_CONNECTION": f"{ADDRESS} 50022 192.0.2.1 22"}


def test_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts and groups have the names that the system knows, on which no terminal acts, or their numbers."""
    known = [(account_name(uid), identity.group_name(uid)) for uid in (0, 4000000)]
    assert [("root", "root"), ("4000000", "4000000")] == known
    assert not is_private(4000000, {0})

    odd = pwd.struct_passwd(("r\x1b[2Js\udcff", "x", 7, 7, "", "/", ""))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: odd)
    assert account_name(7).isprintable()


@pytest.mark.parametrize(
    ("members", "primary", "private"),
    [
        ([], [7], True),
        (["me"], [7], True),
        (["root", "me"], [], True),
        ([], [7, 8], False),
        (["me", "other"], [7], False),
        (["gone"], [7], False),
        ([], [], False),
    ],
)
def test_private_group(monkeypatch: pytest.MonkeyPatch, members: list[str], primary: list[int], private: bool) -> None:
    """A group is private if only trusted accounts are in it, by its list or as their first group."""
    accounts = {
        uid: pwd.struct_passwd((name, "x", uid, 50 if uid in primary else 60, "", "/", ""))
        for uid, name in ((0, "root"), (7, "me"), (8, "other"))
    }
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("g", "x", gid, members)))
    monkeypatch.setattr(pwd, "getpwall", accounts.values)
    monkeypatch.setattr(pwd, "getpwuid", accounts.__getitem__)

    assert private == is_private(50, {0, 7})


@pytest.fixture
def terminal() -> Iterator[str]:
    """Make a new terminal the standard input, and return its name."""
    with ExitStack() as held:
        master, slave, keep = *pty.openpty(), os.dup(0)
        for descriptor in (master, slave, keep):
            held.callback(os.close, descriptor)
        held.callback(os.dup2, keep, 0)
        os.dup2(slave, 0)
        yield os.ttyname(slave)


@pytest.mark.parametrize(
    ("variables", "client"),
    [
        ({**SSH, "SSH_TTY": "HERE"}, ADDRESS),
        ({**SSH, "SSH_TTY": "/dev/pts/none"}, None),
        (SSH, None),
        ({**SSH, "SSH_TTY": "HERE", "TMUX": "/tmp/tmux-0/default,1,0"}, None),
        ({**SSH, "SSH_TTY": "HERE", "STY": "1.pts-0.am"}, None),
        ({"SSH_TTY": "HERE", "SSH_CONNECTION": ""}, None),
    ],
)
def test_terminal_and_client(
    monkeypatch: pytest.MonkeyPatch, terminal: str, variables: dict[str, str], client: str | None
) -> None:
    """An address belongs to the terminal that SSH made for it; tmux, screen, su and script inherit another one's."""
    for name in ("SSH_CONNECTION", "SSH_TTY", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**variables, "USER": "mallory", "LOGNAME": "mallory", "SUDO_USER": "mallory"}.items():
        monkeypatch.setenv(name, value.replace("HERE", terminal))

    caller = identify()

    assert (account_name(os.getuid()), os.getuid()) == (caller.os_user, caller.uid)
    assert (terminal, client) == (caller.tty, caller.client)


@pytest.mark.parametrize(
    ("content", "number", "text"),
    [("1000\n", 1000, "1000"), ("4294967295", None, "4294967295"), ("\n", None, None), ("\u00e4", None, None)],
)
def test_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, number: int | None, text: str | None
) -> None:
    """A number that the kernel has not set is None, as is what a file does not hold."""
    file = tmp_path / "file"
    monkeypatch.setattr(identity, "Path", lambda *_: file)
    assert (None, None) == (identify().login_uid, identity.this_host().machine_id)

    file.write_text(content)

    assert (number, number) == (identify().login_uid, identify().session)
    assert Host(socket.gethostname(), text) == identity.this_host()
