"""Who is at the keyboard, as far as the machine can tell."""

import os
import pwd
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_UNSET = 2**32 - 1
# An IPv6 address with the longest name of an interface.
_LONGEST_ADDRESS = 64


@dataclass(frozen=True)
class Caller:
    """The person's account and place.

    Everybody shares the account that owns rsautil, so these fields say where somebody sat, not who they are.
    `login_uid` and `session` are the kernel's (None where it keeps none); `client` is the address that SSH named in
    the environment, which the caller could have changed.
    """

    os_user: str
    uid: int
    login_uid: int | None
    session: int | None
    tty: str | None
    client: str | None


@dataclass(frozen=True)
class Host:
    """The machine: its name and the identifier in /etc/machine-id (None where there is none)."""

    name: str
    machine_id: str | None


def account_name(uid: int) -> str:
    """Give the name of the account UID, or its number where it has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def home_folder(uid: int) -> str:
    """Give the home folder of the account UID as the system knows it, whatever HOME says."""
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
        return os.ttyname(0)
    except OSError:
        return None


def identify() -> Caller:
    """Say who runs this process."""
    uid = os.getuid()
    return Caller(
        os_user=account_name(uid),
        uid=uid,
        login_uid=_kernel_number("loginuid"),
        session=_kernel_number("sessionid"),
        tty=_terminal(),
        client=os.environ.get("SSH_CONNECTION", "").partition(" ")[0][:_LONGEST_ADDRESS] or None,
    )


def this_host() -> Host:
    """Say which machine this is."""
    try:
        machine_id = Path("/etc/machine-id").read_text("ascii").strip()
    except (OSError, ValueError):
        machine_id = ""
    return Host(socket.gethostname(), machine_id or None)


def address_of_this_host() -> str | None:
    """Give the address from which this machine reaches others, or None where it has no route to them.

    Nothing is sent: the kernel only looks up the way to an address that is reserved for examples.
    """
    for family, example in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((example, 9))
            return str(probe.getsockname()[0])
    return None
