"""The audit log: what stands in a record, in which order it is written, and what becomes of its copy."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import journals
import pytest

from onbox import __version__
from onbox.audit.journal import Journal
from onbox.audit.log import JournalWriter, SyslogWriter, actor, audit_log, log_of_run, unchained
from onbox.audit.record import canonical, digest
from onbox.errors import OnboxError
from onbox.identity import Caller, Host
from onbox.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLER = Caller("rsaadmin", 1000, None, 7, "/dev/pts/0", "192.0.2.1")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Return a journal."""
    with closing(Journal(tmp_path / "audit", journals.uid())) as opened:
        yield opened


@pytest.fixture
def service(tmp_path: Path) -> Iterator[socket.socket]:
    """Return a syslog socket at tmp_path/log."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as bound:
        bound.bind(str(tmp_path / "log"))
        bound.setblocking(False)
        yield bound


def copy(service: socket.socket) -> str:
    """Return the record in the next syslog copy."""
    return service.recv(8192).decode().partition("@cee: ")[2]


def test_record_has_every_field(journal: Journal) -> None:
    """Each record has the same fields, known or not, and says who, where, with what and when."""
    writer = JournalWriter(journal, SyslogWriter(""))
    log = log_of_run(writer, "run-1", CALLER, Host("am1", None), Settings(sha256="f" * 64))

    record = dict(log.info("resync.refused", outcome="refused", code="interrupted", message="No."))

    assert canonical(record) + "\n" == journal.path.read_text("ascii")
    time, seal = record.pop("time"), record.pop("hash")
    assert ("T", "Z") == (time[10], time[26])
    assert seal == digest(record | {"time": time})
    assert {
        "schema": 1,
        "seq": 1,
        "prev": "0" * 64,
        "run": "run-1",
        "event": "resync.refused",
        "outcome": "refused",
        "code": "interrupted",
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
        "allowed": [],
        "evidence": [],
        "transcript": [],
        "warnings": [],
    } == record


def test_bound_fields_stand_in_each_later_record(journal: Journal) -> None:
    """A bound value is in the records of the new log, and in no earlier one."""
    log = journals.log(journal)
    known = log.bind(actor=actor(CALLER, "ocadmin"), reason="other")

    first = log.info("resync.refused", outcome="refused")
    second = known.info("resync.attempt", outcome="unknown")

    assert (None, None) == (first["actor"]["admin"], first["reason"])
    assert ("ocadmin", "other") == (second["actor"]["admin"], second["reason"])
    assert first["hash"] == second["prev"]


def test_copy_that_cannot_be_sent_is_a_warning(tmp_path: Path, journal: Journal) -> None:
    """A dead socket is remembered, also if a later copy was sent, and each record is on the disk."""
    copies = SyslogWriter(str(tmp_path / "log"))
    log = audit_log(JournalWriter(journal, copies))
    log.info("admin.verified", outcome="success")
    problem = f"{tmp_path}/log: No such file or directory"
    assert problem == copies.problem

    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as late:
        late.bind(str(tmp_path / "log"))
        record = log.info("resync.attempt", outcome="unknown")
        assert canonical(record) == copy(late)

    assert (f"The syslog copy was not sent ({problem}).",) == copies.warnings
    assert 2 == len(journal.path.read_text().splitlines())


def test_copy_that_cannot_be_made_is_a_warning(tmp_path: Path, journal: Journal, service: socket.socket) -> None:
    """An outcome that syslog has no severity for costs the copy, not the record."""
    copies = SyslogWriter(str(tmp_path / "log"))

    audit_log(JournalWriter(journal, copies)).info("resync.result", outcome="no such outcome")

    assert f"{tmp_path}/log: KeyError" == copies.problem
    assert 1 == len(journal.path.read_text().splitlines())
    with pytest.raises(BlockingIOError):
        service.recv(1)


def test_record_that_failed_leaves_no_gap(tmp_path: Path, journal: Journal, service: socket.socket) -> None:
    """A record that could not be written takes no number and is not copied."""
    log = audit_log(JournalWriter(journal, SyslogWriter(str(tmp_path / "log"))))

    def write() -> None:
        with pytest.raises(OnboxError, match=r"journal-write .*File too large"):
            log.info("resync.result", outcome="success")

    journals.limited(10, write)

    with pytest.raises(BlockingIOError):
        service.recv(1)
    assert 1 == log.info("resync.result", outcome="success")["seq"]


def test_record_without_a_journal_goes_to_syslog(tmp_path: Path, journal: Journal, service: socket.socket) -> None:
    """A record that no journal takes knows what the log knew, has a hash and no place in the chain."""
    copies = SyslogWriter(str(tmp_path / "log"))
    log = audit_log(JournalWriter(journal, copies)).bind(run="run-1")

    record = unchained(log, copies).info("resync.result", outcome="success")

    assert (None, None, "run-1", digest(record)) == (record["seq"], record["prev"], record["run"], record["hash"])
    assert record == json.loads(copy(service))
    assert 0 == journal.path.stat().st_size
