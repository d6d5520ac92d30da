"""One run: the options of its command line, the reasons, and the objects that its steps share.

The command line takes the reasons from here, so this module imports the others only when a run begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from onbox.audit.log import AuditLog, Writer
    from onbox.preflight import Finding, Subject
    from onbox.screen.console import Console
    from onbox.screen.prompts import Prompts

Reason = Literal["account-changed", "identity-source-added", "users-found", "tokens-deleted", "other"]

# Documented: the first four are the reasons to synchronise all records again (docs/appliance.md).
# Each text fits one line of a screen of 80 columns.
# AM is Authentication Manager, CAS the Cloud Access Service.
REASONS: dict[Reason, str] = {
    "account-changed": "The company account in CAS changed and AM was connected again",
    "identity-source-added": "AM got an external identity source also synchronised to CAS",
    "users-found": "AM could not find users in the identity source; now fixed",
    "tokens-deleted": "An administrator deleted tokens by accident; they are needed",
    "other": "Another reason, which a note explains",
}


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


@dataclass
class Session:
    """The objects that the steps of a run share, from the open journal on.

    `findings` are those of the preflight checks.
    `denied` says that rsautil got the password and has not verified it: such a login may count towards a lockout.
    """

    run: str
    request: Request
    subject: Subject
    findings: list[Finding]
    writer: Writer
    console: Console
    prompts: Prompts
    denied: bool = False

    @property
    def allowed(self) -> list[str]:
        """Name the settings that allowed what would have stopped this run otherwise."""
        return [finding.words.what for finding in self.findings if finding.code == "rsautil-trusted-group"]

    @cached_property
    def log(self) -> AuditLog:
        """Give the log of this run; each step binds to it what the later records say too."""
        from onbox.audit.log import log_of_run  # noqa: PLC0415 - as above

        caller, host, settings = self.subject.caller, self.subject.host, self.subject.settings
        return log_of_run(self.writer, self.run, caller, host, settings.sha256).bind(allowed=self.allowed)
