"""What one run is: what was asked for, and what its steps share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.audit.journal import Journal
from onbox.audit.log import AuditLog, SyslogWriter
from onbox.audit.record import process
from onbox.identity import Host
from onbox.preflight import Subject
from onbox.resync.interrupts import Interrupts
from onbox.resync.reasons import Reason
from onbox.rsautil.commands import Answer
from onbox.screen.console import Console
from onbox.screen.prompts import Prompts


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
    """What every step of a run works with, from the open journal on.

    `log` knows the account and the host; the steps bind what they learn to logs of their own.
    """

    run: str
    request: Request
    subject: Subject
    host: Host
    journal: Journal
    copies: SyslogWriter
    log: AuditLog
    console: Console
    prompts: Prompts
    interrupts: Interrupts

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what went wrong beside the job, with the files of the journal or with the syslog copies."""
        return self.journal.warnings + self.copies.warnings

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
