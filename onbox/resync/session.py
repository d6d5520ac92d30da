"""What one run is: what was asked for, and what every step works with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onbox.audit.log import Trail
from onbox.audit.record import Process
from onbox.identity import Host
from onbox.preflight import Subject
from onbox.resync.interrupts import Interrupts
from onbox.rsautil.commands import Answer
from onbox.screen.console import Console
from onbox.secret import Secret

# Documented: the four reasons to synchronise all records again; each fits one line of a screen of 80 columns.
# AM is Authentication Manager, CAS the Cloud Access Service.
REASONS = {
    "account-changed": "The company account in CAS changed and AM was connected again",
    "identity-source-added": "AM got an external identity source also synchronised to CAS",
    "users-found": "AM could not find users in the identity source; now fixed",
    "tokens-deleted": "An administrator deleted tokens by accident; they are needed",
    "other": "Another reason, which a note explains",
}


@dataclass(frozen=True)
class Request:
    """What the person asked for on the command line."""

    config: Path | None = None
    admin: str | None = None
    reason: str | None = None
    ticket: str | None = None
    note: str | None = None
    confirm: str | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Run:
    """What every step works with, once the run can be put on record."""

    request: Request
    subject: Subject
    host: Host
    trail: Trail
    console: Console
    interrupts: Interrupts

    def ask(self, question: str) -> str:
        """Ask QUESTION on the terminal; ^C and a lost connection end the run on the spot."""
        with self.interrupts.at_once():
            return self.console.ask(question)

    def watching(self, tick: Callable[[float], None]) -> Callable[[float], None]:
        """Show the seconds through TICK, and end what runs when somebody asked for it."""

        def watch(seconds: float) -> None:
            self.interrupts.check()
            tick(seconds)

        return watch

    def process(self, arguments: tuple[str, ...], answer: Answer | None = None) -> Process:
        """Describe for the record rsautil with ARGUMENTS, and how it ended where it gave an ANSWER."""
        argv = (str(self.subject.settings.rsautil), *arguments)
        if answer is None:
            return Process(argv)
        said = answer.transcript
        return Process(argv, said.exit_code, said.signal, said.seconds)


@dataclass(frozen=True)
class Administrator:
    """The person, as rsautil verified them; the password lasts until it is typed for the update."""

    name: str
    password: Secret
