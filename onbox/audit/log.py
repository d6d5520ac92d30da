"""The audit log: structlog makes each record; a writer chains it, writes it for good, and copies it to syslog.

log = audit_log(JournalWriter(journal, copies)).bind(run=..., actor=...)
log = log.bind(reason="tokens-deleted")
record = log.info("resync.attempt", outcome="unknown", code="update-attempted")
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from onbox import __version__
from onbox.audit import syslog
from onbox.audit.journal import Head, Journal
from onbox.audit.record import Fields, canonical, complete, sealed, tidy
from onbox.identity import Caller, Host
from onbox.settings import Settings

if TYPE_CHECKING:
    import structlog
    from structlog.typing import EventDict, WrappedLogger

    AuditLog = structlog.BoundLogger


class SyslogWriter:
    """The end of an audit log that only syslog takes; `problem` says why a copy was not sent, "" if all were."""

    def __init__(self, path: str) -> None:
        """Send to the socket at PATH; "" sends nothing."""
        self._path = path
        self.problem = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say for people that a copy was not sent."""
        return (f"The syslog copy was not sent ({self.problem}).",) if self.problem else ()

    def info(self, fields: "EventDict") -> Fields:
        """Copy a record that no journal could take, without a place in the chain, and give it."""
        record = sealed(fields, seq=None, prev=None)
        self.copy(record)
        return record

    def copy(self, record: Fields) -> None:
        """Send a copy of RECORD; a copy that could not be sent is no error."""
        if self._path:
            try:
                syslog.send(self._path, canonical(record))
            except OSError as error:
                self.problem = f"{self._path}: {error.strerror or error}"
            except Exception as error:  # noqa: BLE001 - the record is on the disk, also without its copy
                self.problem = f"{self._path}: {type(error).__name__}"


class JournalWriter:
    """The end of the audit log: each record gets its place in the chain and is on the disk before it is copied."""

    def __init__(self, journal: Journal, copies: SyslogWriter) -> None:
        """Append to JOURNAL, then send to COPIES."""
        self._journal = journal
        self._copies = copies

    def info(self, fields: "EventDict") -> Fields:
        """Write a record and give it as it was written.

        Raises:
            OnboxError: if the journal could not take it.
        """
        with self._journal.chain() as head:
            record = sealed(fields, seq=head.seq + 1, prev=head.hash)
            self._journal.append(canonical(record), Head.of(record))
        self._copies.copy(record)
        return record


def _completed(_logger: "WrappedLogger", _method: str, fields: "EventDict") -> "EventDict":
    return complete(fields)


def _tidied(_logger: "WrappedLogger", _method: str, fields: "EventDict") -> "EventDict":
    return {key: tidy(value) for key, value in fields.items()}


def _handed_over(
    _logger: "WrappedLogger", _method: str, fields: "EventDict"
) -> tuple[tuple["EventDict"], dict[str, object]]:
    return (fields,), {}


def audit_log(writer: JournalWriter | SyslogWriter) -> "AuditLog":
    """Give the log whose records go to WRITER; `info` gives back the record as it was written."""
    import structlog  # noqa: PLC0415 - a tenth of a second, which the first question does not wait for

    log: AuditLog = structlog.wrap_logger(
        writer,
        processors=[
            structlog.processors.TimeStamper("%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time"),
            _completed,
            _tidied,
            _handed_over,
        ],
        wrapper_class=structlog.BoundLogger,
    )
    return log


def log_of_run(
    writer: JournalWriter | SyslogWriter, run: str, caller: Caller, host: Host, settings: Settings
) -> "AuditLog":
    """Give the log of RUN, which knows the account, the host and the settings file."""
    program = {"version": __version__, "settings": settings.sha256 or None}
    return audit_log(writer).bind(run=run, actor=actor(caller), host=asdict(host), onbox=program)


def actor(caller: Caller, admin: str | None = None) -> dict[str, object]:
    """Give the member `actor` of a record: the account of CALLER, and ADMIN once rsautil was asked with that name."""
    fields = {"admin": admin, **asdict(caller)}
    fields["from"] = fields.pop("client")
    return fields


def unchained(log: "AuditLog", copies: SyslogWriter) -> "AuditLog":
    """Give a log that knows what LOG knows, for a record that the journal could not take: only syslog gets it."""
    from structlog import get_context  # noqa: PLC0415 - as above

    return audit_log(copies).bind(**get_context(log))
