"""Everybody who could modify a file or put another one in its place is found."""

from __future__ import annotations

import grp
import os
import pwd
import struct
from typing import TYPE_CHECKING

import pytest

from onbox.writers import _is_private, group_name, writers

if TYPE_CHECKING:
    from pathlib import Path

ME, MINE = os.getuid(), os.getgid()
NOBODY = 0xFFFFFFFF
OWNER, USER, GROUP_OBJ, GROUP, MASK, OTHER = 1, 2, 4, 8, 16, 32


def found(path: Path, *trusted: int) -> set[tuple[str, str, str]]:
    """Return who can modify *path*, beside root and the *trusted*: the name of the place, the kind and the name."""
    return {(writer.place.name, writer.kind, writer.name) for writer in writers(path, {0, *trusted})}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file in two folders of its own."""
    path = tmp_path / "above" / "folder" / "file"
    path.parent.mkdir(parents=True)
    path.touch()
    for place in (path, path.parent, path.parent.parent):
        place.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("place", "mode", "expected"),
    [
        ("file", 0o755, []),
        ("file", 0o757, ["account"]),
        ("file", 0o775, ["group"]),
        ("file", 0o777, ["account", "group"]),
        ("file", 0o1777, ["account", "group"]),
        ("folder", 0o757, ["account"]),
        ("above", 0o775, ["group"]),
        ("above", 0o1777, []),
    ],
)
def test_modes(file: Path, place: str, mode: int, expected: list[str]) -> None:
    """The mode of the file and of each folder above it counts; a sticky folder keeps others out."""
    (file if place == "file" else file.parent if place == "folder" else file.parent.parent).chmod(mode)

    assert expected == sorted(kind for at, kind, _ in found(file, ME) if at == place)


def test_owner(file: Path) -> None:
    """The owner can modify a file unless the mode says so: an owner who is not trusted is named."""
    assert ("file", "account", str(ME)) in found(file) or ("file", "account", pwd.getpwuid(ME).pw_name) in found(file)


def test_links(file: Path, tmp_path: Path) -> None:
    """All that links lead through is looked at, from the first one to the last; their own mode means nothing."""
    opened = tmp_path / "opened"
    opened.mkdir()
    (opened / "second").symlink_to(file.parent)
    (tmp_path / "first").symlink_to("opened/second")
    linked = tmp_path / "first" / "file"
    assert not found(linked, ME)

    opened.chmod(0o757)
    file.parent.chmod(0o757)

    assert {("opened", "account", "every account"), ("folder", "account", "every account")} == found(linked, ME)


ACLS = {
    "an account": ([(USER, 6, 1), (MASK, 7, NOBODY)], {("account", "daemon")}),
    "an account that is trusted": ([(USER, 6, ME), (MASK, 7, NOBODY)], set()),
    "an account, but for the mask": ([(USER, 6, 1), (MASK, 5, NOBODY)], set()),
    "an account that may read": ([(USER, 5, 1), (MASK, 7, NOBODY)], set()),
    "a group": ([(GROUP, 2, 4000000), (MASK, 7, NOBODY)], {("group", "4000000")}),
    "a mask alone": ([(GROUP, 4, 4000000), (MASK, 7, NOBODY)], set()),
}


@pytest.mark.parametrize(("entries", "expected"), ACLS.values(), ids=ACLS)
def test_acls(file: Path, entries: list[tuple[int, int, int]], expected: set[tuple[str, str]]) -> None:
    """An ACL gives its accounts and groups what its mask allows; the mode's group bits are that mask."""
    every = sorted([(OWNER, 7, NOBODY), *entries, (GROUP_OBJ, 5, NOBODY), (OTHER, 5, NOBODY)])
    os.setxattr(
        file, "system.posix_acl_access", b"".join([struct.pack("<I", 2), *(struct.pack("<HHI", *e) for e in every)])
    )

    assert {("file", *each) for each in expected} == found(file, ME)


@pytest.mark.parametrize(
    ("members", "primary", "private"),
    [
        ([], [7], True),
        (["me"], [7], True),
        (["root", "me"], [], True),
        ([], [0], True),
        ([], [7, 8], False),
        (["me", "other"], [7], False),
        (["gone"], [], False),
        ([], [], False),
    ],
)
def test_private_group(monkeypatch: pytest.MonkeyPatch, members: list[str], primary: list[int], private: bool) -> None:
    """A group is private if only trusted accounts are in it, by its list or as their first group."""
    uids = {"root": 0, "me": 7, "other": 8}
    accounts = [
        pwd.struct_passwd((name, "x", uid, 50 if uid in primary else 60, "", "/", "")) for name, uid in uids.items()
    ]
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("g", "x", gid, members)))
    monkeypatch.setattr(pwd, "getpwall", lambda: accounts)

    assert private == _is_private(50, {0, 7})


def test_groups_of_the_system() -> None:
    """A group that nobody knows is not private, and has a number for a name; root's own is root's."""
    assert ("root", "4000000") == (group_name(0), group_name(4000000))
    assert (True, False) == (_is_private(0, {0}), _is_private(4000000, {0}))
