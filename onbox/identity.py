"""Who is at the keyboard, as far as the machine can tell: account, login, terminal, host."""

import os
import pwd
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onbox.printable import harmless

_UNSET = 2**32 - 1
# An IPv6 address with the longest name of an interface.
_LONGEST_ADDRESS = 64


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
    try:
        return harmless(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def home_folder(uid: int) -> str:
    """Give the home folder of the account UID from the system's list of accounts; HOME plays no part."""
    try:
        return pwd.getpwuid(uid).pw_dir
    except KeyError:
        return "/"


def _kernel_number(file: str) -> int | None:
    try:
        number = int(Path("/proc/self", file).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return None if number == _UNSET else number


def _terminal() -> str | None:
    try:
        # If standard input was closed at the start, another file has its number now.
        return os.ttyname(0) if sys.stdin else None
    except OSError:
        return None


def _client(tty: str | None) -> str | None:
    """Give the address of the SSH client at the terminal TTY, or None if it is not known.

    tmux, screen, su and script keep the variables of the login that started them, which may be another one's.
    """
    variables = os.environ
    if variables.get("SSH_TTY") != tty or "TMUX" in variables or "STY" in variables:
        return None
    return variables.get("SSH_CONNECTION", "").partition(" ")[0][:_LONGEST_ADDRESS] or None


def identify() -> Caller:
    """Give the account, the login and the place of the caller of this process."""
    uid, tty = os.getuid(), _terminal()
    return Caller(
        os_user=account_name(uid),
        uid=uid,
        login_uid=_kernel_number("loginuid"),
        session=_kernel_number("sessionid"),
        tty=tty,
        client=_client(tty),
    )


def this_host() -> Host:
    """Give the name and the identifier of this machine."""
    try:
        machine_id = Path("/etc/machine-id").read_text("ascii").strip()
    except (OSError, ValueError):
        machine_id = ""
    return Host(socket.gethostname(), machine_id or None)


def address_of_this_host() -> str | None:
    """Give the address from which this machine reaches others, or None if it has no route.

    Nothing is sent: the kernel only looks up the route to an address that is reserved for documentation.
    """
    for family, example in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((example, 9))
            return str(probe.getsockname()[0])
    return None
