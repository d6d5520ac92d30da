"""The copy of a record that leaves the machine."""

from __future__ import annotations

import json
import os
import re
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import journals
import pytest
from collector import running
from hypothesis import given, settings
from hypothesis import strategies as st

from onbox.audit import record, syslog
from onbox.audit.journal import Journal
from onbox.audit.syslog import MOST_BYTES, SPARE, message
from onbox.rsautil import commands

if TYPE_CHECKING:
    from pathlib import Path


def longest(length: int) -> st.SearchStrategy[str]:
    """Return texts up to *length* characters, often long ones, and often of characters that take most bytes."""
    return st.text(max_size=length) | st.sampled_from(["😀", "é", "x", "\x1b", '"']).map(lambda one: one * length)


LISTS = st.lists(longest(1000), max_size=4) | longest(1000).map(lambda line: [line] * 400)
# The longest values that pass the checks of the questions and of the system.
LONGEST = {
    "note": longest(400),
    "ticket": longest(100),
    "message": longest(9000),
    "process": st.fixed_dictionaries({"argv": st.lists(longest(4096), max_size=9)}),
    **dict.fromkeys(("transcript", "evidence", "allowed", "warnings"), LISTS),
}
NUMBERS = dict.fromkeys(("uid", "login_uid", "session"), 2**32 - 2)
REST = {
    "time": "2026-11-24T11:41:11.933707Z",
    "run": "7a5e7672-e2e2-439f-b1ae-771d866dba6c",
    "event": "resync.attempt",
    "outcome": "unknown",
    "code": "rsautil-not-executable",
    "reason": "identity-source-added",
    "actor": {"admin": '"' * 255, "from": "x" * 64, "os_user": "a" * 32, "tty": "/dev/pts/1000000", **NUMBERS},
    "host": {"name": "a" * 64, "machine_id": "0" * 32},
    "change": commands.CHANGE,
    "onbox": {"version": "1.0.0", "settings": "0" * 64},
}


def sealed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* as they are when they are written."""
    return dict(record.sealed(REST | fields, seq=2**40, prev="0" * 64))


def parsed(sent: bytes) -> dict[str, Any]:
    """Return the JSON object in a message."""
    found: dict[str, Any] = json.loads(sent.partition(b"@cee: ")[2])
    return found


@settings(deadline=None)
@given(st.fixed_dictionaries(LONGEST))
def test_any_record_fits_into_one_message(fields: dict[str, Any]) -> None:
    """However long its fields, a record is one message that nobody cuts, and it says what was left out of it."""
    whole = sealed(fields)

    sent = message(whole)

    assert MOST_BYTES >= len(sent)
    assert sent.isascii()
    copy = parsed(sent)
    omitted = copy.pop("omitted", [])
    assert [name for name in SPARE if name in omitted] == omitted
    assert whole | {name: SPARE[name] for name in omitted} == copy
    assert all(whole[name] != SPARE[name] for name in omitted)


def longest_whole(more: int = 0) -> dict[str, Any]:
    """Return the longest record that is copied whole, or one that is *more* bytes longer."""
    room = MOST_BYTES - len(message(sealed({"ticket": ""})))
    return sealed({"ticket": "", "evidence": ["x" * (room - 2 + more)]})


def test_nothing_is_left_out_without_need() -> None:
    """A record that fits is copied whole, up to the last byte."""
    assert MOST_BYTES == len(message(longest_whole()))
    assert longest_whole() == parsed(message(longest_whole()))
    assert ["evidence"] == parsed(message(longest_whole(1)))["omitted"]


def test_fields_are_left_out_in_their_order() -> None:
    """The output of rsautil is omitted first, the person's texts last, and no more than necessary."""
    names = ["transcript", "evidence", "allowed", "warnings", "message", "process", "note"]
    for count in range(1, len(names) + 1):
        long = {name: ["x" * 9000] for name in names[:count]}
        assert names[:count] == parsed(message(sealed(long)))["omitted"]


PRIORITIES = {
    "success": "authpriv.notice",
    "refused": "authpriv.warning",
    "unknown": "authpriv.warning",
    "failure": "authpriv.err",
}
TEXTS = ['a/b "c" \\d', "é 😀 \x1b[31m\r\n\t", "\udcff\0", "@cee: {}", "%s #011 &<>", "x" * 400, "😀" * 400]


@pytest.mark.program("rsyslogd")
def test_copies_come_out_on_the_other_side(tmp_path: Path) -> None:
    """Rsyslogd gives each record back, with any characters and at its longest, and a priority for its outcome."""
    records = []
    with running(tmp_path / "rsyslog") as collector, closing(Journal(tmp_path / "audit", os.getuid())) as journal:
        log = journals.log(journal, syslog=collector.socket)
        records += [log.info("resync.result", outcome=outcome) for outcome in PRIORITIES]
        records += [log.info("resync.result", outcome="success", note=text) for text in TEXTS]
        records.append(longest_whole())
        syslog.send(collector.socket, records[-1])

        assert records == collector.records(len(records))
        lines = (collector.folder / "priorities").read_text().splitlines()
    assert list(PRIORITIES.values()) == [line.split()[1] for line in lines[: len(PRIORITIES)]]
    assert all(re.fullmatch(r"onbox\[\d+\]: .*", line) for line in lines)


def test_stream_socket_gets_its_copies(tmp_path: Path) -> None:
    """A syslog that listens on a stream gets each copy, ended by a NUL as glibc ends it."""
    records = [sealed({"outcome": "success", "note": note}) for note in ("one", "x" * 400)]
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as service:
        service.bind(str(tmp_path / "log"))
        service.listen()
        service.settimeout(5)
        received = b""
        for each in records:
            syslog.send(str(tmp_path / "log"), each)
            with service.accept()[0] as connection, connection.makefile("rb") as stream:
                received += stream.read()

    *messages, rest = received.split(b"\0")
    assert b"" == rest
    assert records == [parsed(each) for each in messages]
    assert all(each.startswith(b"<85>") for each in messages)


def test_nobody_listening_is_an_error(tmp_path: Path) -> None:
    """A copy that nobody takes is not taken for sent: no socket, a dead one, no socket at all, too long a name."""
    for name, kind in (("dead", socket.SOCK_DGRAM), ("stream", socket.SOCK_STREAM)):
        with closing(socket.socket(socket.AF_UNIX, kind)) as dead:
            dead.bind(str(tmp_path / name))
    (tmp_path / "file").touch()

    for name in ("missing", "dead", "stream", "file", "x" * 200):
        with pytest.raises(OSError, match=r"Errno|AF_UNIX path too long"):
            syslog.send(str(tmp_path / name), sealed({"outcome": "success"}))


def fill(path: str) -> None:
    """Send more copies than any socket keeps."""
    for _ in range(10_000):
        syslog.send(path, sealed({"outcome": "success"}))


def test_full_socket_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A syslog service that stands still costs a moment, not the run."""
    monkeypatch.setattr(syslog, "SECONDS", 0.1)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as service:
        service.bind(str(tmp_path / "log"))

        with pytest.raises((TimeoutError, BlockingIOError)):
            fill(str(tmp_path / "log"))
