"""The audit log: structlog makes each record; a writer chains it, writes it for good, and copies it to syslog.

log = log_of_run(Writer(journal, "/dev/log"), run, caller, host, settings.sha256)
log = log.bind(admin="ocadmin", reason="tokens-deleted")
record = log.info("resync.attempt", outcome="unknown", code="update-attempted")
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from onbox import __version__
from onbox.audit import syslog
from onbox.audit.journal import Journal
from onbox.audit.record import Fields, sealed
from onbox.identity import Caller, Host

if TYPE_CHECKING:
    import structlog

    AuditLog = structlog.BoundLogger


class Writer:
    """The end of the audit log: each record gets its place in the chain and is on the disk before it is copied.

    `problem` says why a copy was not sent, "" if all were.
    """

    def __init__(self, journal: Journal, socket: str) -> None:
        """Append to JOURNAL, then send a copy to the syslog SOCKET; "" sends nothing."""
        self.journal = journal
        self._socket = socket
        self.problem = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say for people what went wrong beside the records, with the files of the journal or with a copy."""
        lost = (f"The syslog copy was not sent ({self.problem}).",) if self.problem else ()
        return self.journal.warnings + lost

    def info(
        self, *, account: dict[str, object], admin: str | None = None, chained: bool = True, **fields: object
    ) -> Fields:
        """Write the record of FIELDS and give it as it was written.

        Its actor is the ACCOUNT, and ADMIN once rsautil was asked with that name.
        One that is not CHAINED has no place in the chain; only syslog gets it.
        A copy that could not be sent is no error.

        Raises:
            OnboxError: if the journal could not take it.
        """
        fields["actor"] = {"admin": admin, **account}
        record = self.journal.append(fields) if chained else sealed(fields, seq=None, prev=None)
        if self._socket:
            try:
                syslog.send(self._socket, record)
            except Exception as error:  # noqa: BLE001 - the record is on the disk, also without its copy
                detail = error.strerror or error if isinstance(error, OSError) else type(error).__name__
                self.problem = f"{self._socket}: {detail}"
        return record


def log_of_run(writer: Writer, run: str, caller: Caller, host: Host, settings: str) -> "AuditLog":
    """Give the log of RUN, which knows the account, the host and the hash of the SETTINGS; `info` gives the record."""
    import structlog  # noqa: PLC0415 - a tenth of a second, which the first question does not wait for

    stamp = structlog.processors.TimeStamper("%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time")
    log: AuditLog = structlog.wrap_logger(writer, [stamp], structlog.BoundLogger)
    program = {"version": __version__, "settings": settings or None}
    account = asdict(caller)
    account["from"] = account.pop("client")
    return log.bind(run=run, account=account, host=asdict(host), onbox=program)
