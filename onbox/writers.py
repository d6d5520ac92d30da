"""Who can modify a file: by owner, mode and ACL of the file, of the folders above it, and of links on the way."""

import grp
import os
import pwd
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from onbox.identity import account_name
from onbox.printable import harmless

# Tags of the entries of a POSIX ACL, as Linux gives them in an extended attribute (linux/posix_acl.h).
_USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x02, 0x04, 0x08, 0x10, 0x20


@dataclass(frozen=True)
class Writer:
    """Somebody who can modify PLACE: one account or all of them, or the members of a group."""

    place: Path
    kind: Literal["account", "group"]
    name: str


def writers(path: Path, trusted: set[int]) -> Iterator[Writer]:
    """Yield who can modify PATH or put another file in its place, beside the TRUSTED accounts.

    Raises:
        OSError: if a part of the way cannot be looked at.
    """
    for place in (path, *path.parents):
        yield from _writers_of(place, trusted)
        if place.is_symlink():
            yield from writers(place.parent / place.readlink(), trusted)


def _writers_of(place: Path, trusted: set[int]) -> Iterator[Writer]:
    """Yield who can modify PLACE itself.

    The mode of a symbolic link means nothing: its folder decides who can replace it.
    In a sticky folder nobody can replace the files of others.
    """
    status = place.lstat()
    if status.st_uid not in trusted:
        yield Writer(place, "account", account_name(status.st_uid))
    if stat.S_ISLNK(status.st_mode) or (stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX):
        return
    for tag, number in _write_entries(place, status.st_mode):
        gid = status.st_gid if tag == _GROUP_OBJ else number
        if tag == _OTHER:
            yield Writer(place, "account", "every account")
        elif tag == _USER and number not in trusted:
            yield Writer(place, "account", account_name(number))
        elif tag != _USER and not _is_private(gid, trusted):
            yield Writer(place, "group", group_name(gid))


def _write_entries(place: Path, mode: int) -> Iterator[tuple[int, int]]:
    """Yield tag and id of the entries that allow writing: of the ACL of PLACE or, if it has none, of its MODE."""
    entries = [(_GROUP_OBJ, mode >> 3, 0), (_OTHER, mode, 0)]
    with suppress(OSError):
        entries = list(struct.iter_unpack("<HHI", os.getxattr(place, "system.posix_acl_access")[4:]))
    mask = next((rights for tag, rights, _ in entries if tag == _MASK), os.W_OK)
    for tag, rights, number in reversed(entries):  # all accounts first: no setting allows them
        masked = rights if tag == _OTHER else rights & mask
        if tag in (_USER, _GROUP_OBJ, _GROUP, _OTHER) and masked & os.W_OK:
            yield tag, number


def _is_private(gid: int, trusted: set[int]) -> bool:
    """Tell whether the group GID has members, and only TRUSTED ones: by its list, and by the accounts' first group."""
    listed = set()
    with suppress(KeyError):
        listed = set(grp.getgrgid(gid).gr_mem)
    members = {each.pw_uid for each in pwd.getpwall() if each.pw_gid == gid or each.pw_name in listed}
    return bool(members) and members <= trusted


def group_name(gid: int) -> str:
    """Give the name of the group GID in printable characters, or its number if it has no name."""
    try:
        return harmless(grp.getgrgid(gid).gr_name)
    except KeyError:
        return str(gid)
