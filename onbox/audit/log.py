"""What one run puts on record: each record into the journal for good, then a copy of it to syslog."""

from dataclasses import asdict
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from onbox import __version__
from onbox.audit import syslog
from onbox.audit.journal import Journal
from onbox.audit.record import SCHEMA, Process, canonical, digest, tidy
from onbox.audit.tip import Tip
from onbox.errors import OnboxError
from onbox.identity import Caller, Host
from onbox.settings import Settings


def _tidy(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    return {key: tidy(value) for key, value in fields.items()}


def _seal(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    return {**fields, "hash": digest(fields)}


def _render(_logger: WrappedLogger, _method: str, fields: EventDict) -> tuple[tuple[str, Tip], dict[str, Any]]:
    """Make what `append` of the journal takes."""
    return (canonical(fields), Tip.of(dict(fields))), {}


PIPELINE: tuple[Processor, ...] = (
    structlog.processors.TimeStamper("%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time"),
    _tidy,
    _seal,
    _render,
)


class _Unchained:
    """Takes a record that no journal could take."""

    @staticmethod
    def append(line: str, _tip: Tip) -> str:
        """Give the LINE back."""
        return line


class Trail:
    """The records of one run."""

    def __init__(self, journal: Journal, settings: Settings, caller: Caller, host: Host, run: str) -> None:
        """Write the records of RUN into JOURNAL; what is the same in each of them is kept here.

        `copy_problem` says why a copy could not be sent to syslog; "" as long as all were.
        """
        self.journal = journal
        self.copy_problem = ""
        self._syslog = settings.syslog
        actor = asdict(caller)
        actor["from"] = actor.pop("client")
        self._fields: dict[str, Any] = {
            "schema": SCHEMA,
            "run": run,
            "actor": {"admin": None, **actor},
            "host": asdict(host),
            "change": None,
            "onbox": {"version": __version__, "settings": settings.sha256 or None},
            "process": Process().fields(),
            "reason": None,
            "ticket": None,
            "note": None,
            "message": "",
            "evidence": [],
            "transcript": [],
            "warnings": [],
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what went wrong beside the job: a copy that could not be sent."""
        return (f"The syslog copy was not sent ({self.copy_problem}).",) if self.copy_problem else ()

    def knows(self, *, admin: str | None = None, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
        """Say in each record from now on what the run has learnt: the administrator, the reason and so on."""
        if admin is not None:
            fields["actor"] = self._fields["actor"] | {"admin": admin}
        self._fields |= fields

    def write(self, event: str, outcome: str, **fields: Any) -> str:  # noqa: ANN401
        """Put EVENT on record and give the line that was written.

        The line is on the disk when this returns.
        A copy that could not be sent is no error; `copy_problem` says why.

        Raises:
            OnboxError: when the journal could not take it.
        """
        with self.journal.chain() as tip:
            place = {"seq": tip.seq + 1, "prev": tip.hash}
            line = self._append(self.journal, event, outcome=outcome, **place, **fields)
        self._copy(line)
        return line

    def write_at_last(self, event: str, outcome: str, **fields: Any) -> str:  # noqa: ANN401
        """Put EVENT on record like `write`, if need be in the room that was kept for it.

        Raises:
            OnboxError: when even that was not enough.
        """
        try:
            return self.write(event, outcome, **fields)
        except OnboxError:
            self.journal.release()
            return self.write(event, outcome, **fields)

    def write_unchained(self, event: str, outcome: str, **fields: Any) -> str:  # noqa: ANN401
        """Send a record that the journal could not take to syslog alone, and give its line."""
        line = self._append(_Unchained(), event, outcome=outcome, seq=None, prev=None, **fields)
        self._copy(line)
        return line

    def _append(self, target: Journal | _Unchained, event: str, **fields: Any) -> str:  # noqa: ANN401
        logger = structlog.wrap_logger(target, processors=PIPELINE, wrapper_class=structlog.BoundLogger)
        return str(logger.append(event, **(self._fields | fields)))

    def _copy(self, line: str) -> None:
        if self._syslog:
            try:
                syslog.send(self._syslog, line)
            except OSError as error:
                self.copy_problem = f"{self._syslog}: {error.strerror or error}"
            except Exception as error:  # noqa: BLE001 - whatever became of its copy, the record is on the disk
                self.copy_problem = f"{self._syslog}: {type(error).__name__}"
