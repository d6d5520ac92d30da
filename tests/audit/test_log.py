"""The audit log: what stands in a record, in which order it is written, and what becomes of its copy."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from onbox import __version__
from onbox.audit.journal import Journal
from onbox.audit.log import Writer, log_of_run
from onbox.audit.record import canonical, digest
from onbox.identity import Caller, Host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import structlog

CALLER = Caller("rsaadmin", 1000, None, 7, "/dev/pts/0", "192.0.2.1")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """Return a writer into a new journal, which copies to tmp_path/log."""
    with closing(Journal(tmp_path / "audit", os.getuid())) as journal:
        yield Writer(journal, str(tmp_path / "log"))


@pytest.fixture
def log(writer: Writer) -> structlog.BoundLogger:
    """Return the log of a run."""
    return log_of_run(writer, "run-1", CALLER, Host("am1", None), "f" * 64)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[socket.socket]:
    """Return a syslog socket at tmp_path/log."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as bound:
        bound.bind(str(tmp_path / "log"))
        bound.setblocking(False)
        yield bound


def journal(tmp_path: Path) -> str:
    """Return what the journal holds."""
    return (tmp_path / "audit" / "audit.jsonl").read_text("ascii")


def test_record_has_every_field(tmp_path: Path, log: structlog.BoundLogger) -> None:
    """Each record has the same fields, known or not, and says who, where, with what and when."""
    record = dict(log.info("resync.refused", outcome="refused", code="interrupted", message="No."))

    assert canonical(record) + "\n" == journal(tmp_path)
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
        **dict.fromkeys(("change", "reason", "ticket", "note")),
        **{name: [] for name in ("allowed", "evidence", "transcript", "warnings")},
    } == record


def test_copy_that_was_not_sent_is_a_warning(tmp_path: Path, writer: Writer, log: structlog.BoundLogger) -> None:
    """A dead socket, and an outcome without a severity, cost the copy; the record is on the disk."""
    log.info("admin.verified", outcome="success")
    assert (f"The syslog copy was not sent ({tmp_path}/log: No such file or directory).",) == writer.warnings

    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as late:
        late.bind(str(tmp_path / "log"))
        log.info("resync.result", outcome="no such outcome")
    assert f"{tmp_path}/log: KeyError" == writer.problem
    assert 2 == len(journal(tmp_path).splitlines())


def test_record_outside_the_chain_goes_to_syslog(
    tmp_path: Path, service: socket.socket, log: structlog.BoundLogger
) -> None:
    """A record that no journal takes knows what the log knew, has a hash and no place in the chain."""
    record = log.info("resync.result", outcome="success", chained=False)

    assert (None, None, "run-1", digest(record)) == (record["seq"], record["prev"], record["run"], record["hash"])
    assert canonical(record) == service.recv(8192).decode().partition("@cee: ")[2]
    assert "" == journal(tmp_path)
