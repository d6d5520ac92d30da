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

from onbox.identity import account_name, group_name
from onbox.support_report import without_names

if TYPE_CHECKING:
    from rehearsal import Onbox


def test_a_report_describes_the_machine_and_asks_rsautil_for_help(onbox: Onbox) -> None:
    """Everything that could make onbox behave otherwise is in it; rsautil gets no credentials."""
    file, config = onbox.home / "report.md", onbox.machine.config
    config.write_text(config.read_text().replace("[appliance]\n", '[appliance]\nenvironment = ["AM_HOME"]\n'))
    run = onbox("check", "--report", str(file), AM_HOME="/opt/rsa/am")
    text = file.read_text()

    assert 0 == run.exit_code, run.screen
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    for part in ("Debian", "glibc", f"-rwxr-xr-x {os.getuid()}:{os.getgid()} ", "am/utils/rsautil", "TERM=linux"):
        assert part in text
    assert [["--help"], ["store", "--help"]] == [call.argv for call in onbox.machine.calls()]
    assert not any(call.answered for call in onbox.machine.calls())
    assert all("AM_HOME" in call.environment for call in onbox.machine.calls())


def test_a_report_holds_no_names_and_addresses(onbox: Onbox) -> None:
    """Names and addresses of the machine, its accounts and groups stay out, and the report says so."""
    file = onbox.home / "report.md"
    onbox.machine.rsautil.chmod(0o775)
    names = {account_name(os.getuid()), group_name(os.getgid()), socket.gethostname()}
    onbox("check", "--report", str(file), HOME="/home/jdoe", TZ="jdoe at 192.0.2.7\x1b[2J")
    text = re.sub("(?m)^    [d-].* [0-9]+:[0-9]+ ", "", file.read_text())

    assert "TZ=<name> at <address>\\x1b[2J" in text
    assert "Replaced: names of hosts, accounts and groups, and addresses" in text
    assert "rsautil-group" in text
    assert not [name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)]


def test_an_rsautil_that_onbox_refuses_is_not_asked(onbox: Onbox) -> None:
    """A report is no reason to run what somebody else may have changed."""
    onbox.machine.rsautil.chmod(0o777)
    onbox.without_terminal("check", "--report", str(onbox.home / "unsafe"))

    assert "Not asked: " in (onbox.home / "unsafe").read_text()
    assert [] == onbox.machine.calls()


def test_a_file_is_never_overwritten(onbox: Onbox) -> None:
    """A report goes into a new file, and a file that can't be made is named."""
    file = onbox.home / "report"
    file.write_text("one")

    run = onbox.without_terminal("check", "--report", str(file))

    assert (2, "one") == (run.exit_code, file.read_text())
    assert f"report {file} could not be written completely: File exists" in run.errors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on am82p.example.com at 192.0.2.1, 2001:db8::1.", "on <name> at <address>, <address>"),
        ("am82p.other.example, am82p's disk", "<name>, <name>'s disk"),
        ("AM82P, not am82pr nor x-am82p", "<name>, not am82pr nor x-am82p"),
        ("/home/jdoe/x of jdoe@example.com", "/home/<name>/x of <address>"),
        ("kernel 5.14.21, Foo::bar()", "kernel 5.14.21, Foo::bar()"),
    ],
)
def test_names_and_addresses_are_replaced(text: str, expected: str) -> None:
    """Whole names only; a version is no address."""
    assert expected == without_names(text, {"jdoe"}, "am82p.example.com")


@given(some.ip_addresses(), some.sampled_from([" ", "\n", "/", "=", "[", ","]))
def test_no_address_gets_through(address: object, before: str) -> None:
    """An address is replaced behind any text."""
    assert str(address) not in without_names(f"x{before}{address}{before}y", set(), "am82p")


NAMES = some.text("abcxyz", min_size=2, max_size=8)


@given(NAMES, NAMES, some.booleans(), some.text(" /.,:@'\"\n()", min_size=1, max_size=3))
def test_no_name_gets_through(name: str, other: str, host: bool, between: str) -> None:
    """A whole name is replaced, in upper or lower case, beside any text."""
    text = f"{other}{between}{name.upper()}{between}{name}"

    hidden = without_names(text, set() if host else {name}, name if host else "am82p")

    assert not re.search(rf"\b{name}\b", hidden, re.IGNORECASE)
