"""What one run puts on record."""

from __future__ import annotations

import json
import os
import resource
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import journals
import pytest

from onbox import __version__
from onbox.audit.journal import Journal
from onbox.audit.log import Trail
from onbox.audit.record import digest
from onbox.errors import OnboxError
from onbox.identity import Caller, Host
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return a journal."""
    with closing(Journal(tmp_path / "audit", journals.uid())) as opened:
        yield opened


def test_record_has_every_field(journal: Journal) -> None:
    """Each record has the same fields, known or not, and says who, where, with what and when."""
    caller = Caller("rsaadmin", 1000, None, 7, "/dev/pts/0", "192.0.2.1")
    trail = Trail(journal, Settings(syslog="", sha256="f" * 64), caller, Host("am1", None), "run-1")

    record = json.loads(trail.write("resync.refused", "refused", message="No."))

    time, seal = record.pop("time"), record.pop("hash")
    assert "2026" <= time[:4]
    assert "T" == time[10]
    assert "Z" == time[26]
    assert seal == digest(record | {"time": time})
    assert {
        "schema": 1,
        "seq": 1,
        "prev": "0" * 64,
        "run": "run-1",
        "event": "resync.refused",
        "outcome": "refused",
        "message": "No.",
        "actor": {
            "admin": None,
            "os_user": "rsaadmin",
            "uid": 1000,
            "login_uid": None,
            "session": 7,
            "tty": "/dev/pts/0",
            "from": "192.0.2.1",
        },
        "host": {"name": "am1", "machine_id": None},
        "onbox": {"version": __version__, "settings": "f" * 64},
        "process": {"argv": [], "exit_code": None, "signal": None, "seconds": None},
        "change": None,
        "reason": None,
        "ticket": None,
        "note": None,
        "evidence": [],
        "transcript": [],
        "warnings": [],
    } == record


def test_what_a_run_learns_is_in_each_later_record(journal: Journal) -> None:
    """The administrator, the reason and so on stand in every record from then on."""
    trail = journals.trail(journal)
    first = json.loads(trail.write("resync.refused", "refused"))
    trail.knows(admin="ocadmin", reason="other")
    trail.knows(note="Why.")
    second = json.loads(trail.write("resync.refused", "refused"))

    assert (None, None, None) == (first["actor"]["admin"], first["reason"], first["note"])
    assert ("ocadmin", "other", "Why.") == (second["actor"]["admin"], second["reason"], second["note"])
    assert first["actor"]["uid"] == second["actor"]["uid"]


FORGERIES = ['"}\n{"seq":9', "\x1b[2J\x1b[31mroot", "\r\n\t\x07", "\udcff\udc80", "a\0b", '"hash":"' + "0" * 64 + '",']


@pytest.mark.parametrize("text", FORGERIES, ids=range(len(FORGERIES)))
def test_no_field_can_forge_a_line(text: str, journal: Journal) -> None:
    """Whatever stands in a field stays inside its string: one record is one line without a control character."""
    trail = journals.trail(journal)
    trail.knows(admin=text, note=text, ticket=text)

    line = trail.write("resync.result", "success", message=text, evidence=[text], transcript=(text,))

    assert line.isprintable()
    assert line + "\n" == journal.path.read_text("ascii")


def test_copy_that_cannot_be_sent_is_no_error(tmp_path: Path, journal: Journal) -> None:
    """A dead socket is remembered, also when a later copy was sent, and the record is on the disk all the same."""
    trail = journals.trail(journal, syslog=str(tmp_path / "log"))
    trail.write("admin.verified", "success")
    assert f"{tmp_path}/log: No such file or directory" == trail.copy_problem

    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as service:
        service.bind(str(tmp_path / "log"))
        trail.write("resync.attempt", "unknown")
        assert service.recv(8192)

    assert f"{tmp_path}/log: No such file or directory" == trail.copy_problem
    assert 2 == len(journal.path.read_text().splitlines())


def test_copy_is_the_record(tmp_path: Path, journal: Journal) -> None:
    """Each record is sent once, as it was written."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as service:
        service.bind(str(tmp_path / "log"))
        trail = journals.trail(journal, syslog=str(tmp_path / "log"))
        lines = [trail.write("admin.verified", "success"), trail.write("resync.attempt", "unknown")]

        assert lines == [service.recv(8192).decode().partition("@cee: ")[2] for _ in lines]
        service.setblocking(False)
        with pytest.raises(BlockingIOError):
            service.recv(1)


def test_record_that_failed_leaves_no_gap(journal: Journal) -> None:
    """A record that could not be written takes no number and is not copied."""
    trail = journals.trail(journal)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OnboxError, match="File too large"):
            trail.write_at_last("resync.result", "success")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert 1 == json.loads(trail.write("resync.result", "success"))["seq"]


def test_last_record_takes_the_room_that_was_kept(journal: Journal) -> None:
    """A record that must be written takes the ballast's room, and leaves it alone when there is no need."""
    trail = journals.trail(journal)
    journal.reserve()
    ballast = journal.path.with_name("ballast")
    trail.write_at_last("resync.attempt", "unknown")
    assert ballast.exists()

    release = journal.release
    journal.path.chmod(0o600)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def make_room() -> None:
        release()
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    journal.release = make_room  # type: ignore[method-assign]
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    trail.write_at_last("resync.result", "success")

    assert not ballast.exists()
    assert 2 == len(journal.path.read_text().splitlines())


def test_record_without_a_journal_goes_to_syslog(tmp_path: Path, journal: Journal) -> None:
    """A record that no journal takes has no place in the chain, but a hash, and goes to syslog."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as service:
        service.bind(str(tmp_path / "log"))
        trail = journals.trail(journal, syslog=str(tmp_path / "log"))

        line = trail.write_unchained("resync.result", "success")

        assert line == service.recv(8192).decode().partition("@cee: ")[2]
    record = json.loads(line)
    assert (None, None, digest(record)) == (record["seq"], record["prev"], record["hash"])
    assert 0 == os.stat(journal.path).st_size  # noqa: PTH116 - as it is now
