"""The support report describes a machine without naming it."""

from __future__ import annotations

import os
import re
import socket
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onbox.identity import account_name
from onbox.support_report import without_names
from onbox.writers import group_name

if TYPE_CHECKING:
    from rehearsal import Onbox


def test_a_report_describes_the_machine_and_asks_rsautil_for_help(onbox: Onbox) -> None:
    """Everything that could make onbox behave otherwise is in it; rsautil gets no credentials."""
    file = onbox.home / "report.md"
    run = onbox("check", "--report", str(file))
    text = file.read_text()

    assert 0 == run.exit_code, run.screen
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    for part in ("PRETTY_NAME=", "kernel ", "glibc ", "am/utils/rsautil, owned by you", "TERM=linux", "RLIMIT_CORE"):
        assert part in text
    assert [["--help"], ["store", "--help"]] == [call.argv for call in onbox.machine.calls()]
    assert not any(call.answered for call in onbox.machine.calls())


def test_a_report_holds_no_names_and_addresses(onbox: Onbox) -> None:
    """Names and addresses of the machine, its accounts and groups stay out, and the report says so."""
    file = onbox.home / "report.md"
    onbox.machine.rsautil.chmod(0o775)
    names = {account_name(os.getuid()), group_name(os.getgid()), socket.gethostname()}
    onbox("check", "--report", str(file), HOME="/home/jdoe", TZ="jdoe at 192.0.2.7\x1b[2J")
    text = file.read_text()

    assert "TZ=<account> at <address>\\x1b[2J" in text
    assert "Replaced: names of hosts, accounts and groups, and addresses" in text
    assert "rsautil-group" in text
    assert not [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def test_an_rsautil_that_onbox_refuses_is_not_asked(onbox: Onbox) -> None:
    """A report is no reason to run what somebody else may have changed; one that is missing is described as such."""
    onbox.machine.rsautil.chmod(0o777)
    onbox("check", "--report", str(onbox.home / "unsafe"))
    onbox.machine.rsautil.unlink()
    onbox("check", "--report", str(onbox.home / "missing"))

    assert "Not asked: " in (onbox.home / "unsafe").read_text()
    assert "am/utils/rsautil: No such file or directory" in (onbox.home / "missing").read_text()
    assert [] == onbox.machine.calls()


def test_a_report_needs_no_terminal(onbox: Onbox) -> None:
    """A machine on which onbox is refused has most to tell."""
    file = onbox.home / "report.md"

    assert 3 == onbox.without_terminal("check", "--report", str(file)).exit_code
    assert "; no size" in file.read_text()


def test_a_file_is_never_overwritten(onbox: Onbox) -> None:
    """A report goes into a new file, and a file that can't be made is named."""
    file = onbox.home / "report"
    file.write_text("one")

    taken = onbox.without_terminal("check", "--report", str(file))
    nowhere = onbox.without_terminal("check", "--report", str(onbox.home / "nowhere" / "report"))

    assert (2, 2) == (taken.exit_code, nowhere.exit_code)
    assert str(file) in taken.errors
    assert "nowhere" in nowhere.errors
    assert "one" == file.read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on am82p.example.com at 192.0.2.1, 2001:db8::1.", "on <host> at <address>, <address>"),
        ("am82p.other.example, am82p's disk", "<host>, <host>'s disk"),
        ("AM82P, not am82pr nor x-am82p", "<host>, not am82pr nor x-am82p"),
        ("/home/jdoe/x of jdoe@example.com", "/home/<account>/x of <address>"),
        ("kernel 5.14.21, 999.1.1.1, 12:34:56, Foo::bar()", "kernel 5.14.21, 999.1.1.1, 12:34:56, Foo::bar()"),
    ],
)
def test_names_and_addresses_are_replaced(text: str, expected: str) -> None:
    """Whole names only; a version or a time is no address."""
    names = {"am82p": "host", "jdoe": "account"}

    assert expected == without_names(text, names)


@given(some.ip_addresses(), some.sampled_from([" ", "\n", "/", "=", "[", ","]))
def test_no_address_gets_through(address: object, before: str) -> None:
    """An address is replaced behind any text."""
    assert str(address) not in without_names(f"x{before}{address}{before}y", {})


NAMES = some.text("abcxyz", min_size=2, max_size=8)


@given(NAMES, NAMES, some.sampled_from(["account", "host"]), some.text(" /.,:@'\"\n()", min_size=1, max_size=3))
def test_no_name_gets_through(name: str, other: str, kind: str, between: str) -> None:
    """A whole name is replaced, in upper or lower case, beside any text."""
    text = f"{other}{between}{name.upper()}{between}{name}"

    assert not re.search(rf"\b{name}\b", without_names(text, {name: kind}), re.IGNORECASE)
