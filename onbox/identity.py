"""Who is at the keyboard, as far as the machine can tell: account, login, terminal, host."""

import grp
import os
import pwd
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onbox.printable import harmless


@dataclass(frozen=True)
class Caller:
    """The account that runs onbox, and the place where somebody sits.

    Everybody shares the account that runs rsautil (docs/appliance.md), so these fields do not identify a person.
    `login_uid` and `session` come from the kernel; `tty` is the terminal at standard input.
    `client` is the address in SSH_CONNECTION, which the caller can change.
    None stands for what is not known.
    """

    os_user: str
    uid: int
    login_uid: int | None
    session: int | None
    tty: str | None
    client: str | None


@dataclass(frozen=True)
class Host:
    """The machine: its name, and the identifier in /etc/machine-id (None if it has none)."""

    name: str
    machine_id: str | None


def account_name(uid: int) -> str:
    """Give the name of the account UID in printable characters, or its number if it has no name."""
    with suppress(KeyError):
        return harmless(pwd.getpwuid(uid).pw_name)
    return str(uid)


def group_name(gid: int) -> str:
    """Give the name of the group GID in printable characters, or its number if it has no name."""
    with suppress(KeyError):
        return harmless(grp.getgrgid(gid).gr_name)
    return str(gid)


def is_private(gid: int, trusted: set[int]) -> bool:
    """Tell whether the group GID has members, and only TRUSTED ones: by its list, and by the accounts' first group."""
    members = {each.pw_name for each in pwd.getpwall() if each.pw_gid == gid}
    with suppress(KeyError):
        members |= set(grp.getgrgid(gid).gr_mem)
    return bool(members) and members <= {account_name(uid) for uid in trusted}


def _kernel_number(file: str) -> int | None:
    with suppress(OSError, ValueError):
        number = int(Path("/proc/self", file).read_text("ascii"))
        return None if number == 2**32 - 1 else number  # that stands for none
    return None


def identify() -> Caller:
    """Give the account, the login and the place of the caller of this process."""
    uid, tty = os.getuid(), None
    with suppress(OSError):
        # If standard input was closed at the start, another file has its number now.
        tty = os.ttyname(0) if sys.stdin else None
    # tmux, screen, su and script keep the variables of the login that started them, which may be another one's.
    inherited = os.environ.get("SSH_TTY") != tty or "TMUX" in os.environ or "STY" in os.environ
    # The longest IPv6 address with the longest name of an interface has 61 characters.
    client = "" if inherited else os.environ.get("SSH_CONNECTION", "").partition(" ")[0][:64]
    return Caller(account_name(uid), uid, _kernel_number("loginuid"), _kernel_number("sessionid"), tty, client or None)


def this_host() -> Host:
    """Give the name and the identifier of this machine."""
    machine_id = ""
    with suppress(OSError, ValueError):
        machine_id = Path("/etc/machine-id").read_text("ascii").strip()
    return Host(socket.gethostname(), machine_id or None)
