"""One run: the options of its command line, and the objects that its steps share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onbox.audit.journal import Journal
from onbox.audit.log import Writer, log_of_run
from onbox.audit.record import process
from onbox.identity import Host
from onbox.preflight import Subject
from onbox.resync.interrupts import Interrupts
from onbox.resync.reasons import Reason
from onbox.rsautil.commands import Answer
from onbox.screen.console import Console
from onbox.screen.prompts import Prompts

if TYPE_CHECKING:
    from onbox.audit.log import AuditLog


@dataclass(frozen=True)
class Request:
    """The options of the command line."""

    config: Path | None = None
    admin: str | None = None
    reason: Reason | None = None
    ticket: str | None = None
    note: str | None = None
    confirm: str | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Session:
    """The objects that the steps of a run share, from the open journal on.

    ALLOWED names the settings that allowed what would have stopped this run otherwise.
    """

    run: str
    request: Request
    subject: Subject
    host: Host
    journal: Journal
    writer: Writer
    allowed: list[str]
    console: Console
    prompts: Prompts
    interrupts: Interrupts

    @cached_property
    def log(self) -> "AuditLog":
        """Give the log that knows the account and the host; the steps bind what they learn to logs of their own."""
        log = log_of_run(self.writer, self.run, self.subject.caller, self.host, self.subject.settings)
        return log.bind(allowed=self.allowed)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what went wrong beside the job, with the files of the journal or with the syslog copies."""
        return self.journal.warnings + self.writer.warnings

    def process(self, arguments: tuple[str, ...], answer: Answer | None = None) -> dict[str, Any]:
        """Describe for the record rsautil with ARGUMENTS, and how it ended if it gave an ANSWER."""
        argv = (str(self.subject.settings.rsautil), *arguments)
        if answer is None:
            return process(argv)
        said = answer.transcript
        return process(argv, said.exit_code, said.signal, said.seconds)

    def watching(self, tick: Callable[[float], None]) -> Callable[[float], None]:
        """Show the seconds through TICK, and end what runs when somebody asked for it."""

        def watch(seconds: float) -> None:
            self.interrupts.check()
            tick(seconds)

        return watch
