"""The exit codes of onbox, the stable codes of what can happen, and the one exception that carries them."""

from enum import IntEnum
from typing import Literal, Self

_UNCHANGED = "Nothing was changed."


class ExitCode(IntEnum):
    """The exit codes and their promises; docs/reference.md says the same to programs.

    Each has a meaning, one outcome that screen, JSON and audit record name, and says what was changed on the appliance.
    """

    meaning: str
    outcome: str
    changed: str

    def __new__(cls, number: int, meaning: str, outcome: str = "refused", changed: str = _UNCHANGED) -> Self:
        """Make the exit code NUMBER."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning, code.outcome, code.changed = meaning, outcome, changed
        return code

    DONE = 0, "done: confirmed or accepted", "success", ""
    FAILED = 1, "the update failed", "failure"
    USAGE = 2, "wrong usage"
    REFUSED = 3, "refused"
    UNVERIFIED = 4, "administrator not verified", "failure"
    UNRECORDED = 5, "no audit record could be written"
    UNKNOWN = 6, "outcome unknown", "unknown", "It is not known whether the marker time was changed."
    DAMAGED = 7, "audit journal damaged"
    INTERRUPTED = 130, "interrupted before the update"


# Each names one row of the table in messages.py, in the order of that table.
Code = Literal[
    "settings-unreadable", "settings-unknown", "settings-value", "admin-name", "text-too-long", "note-missing",
    "run-unknown", "run-not-open", "output-unwritten", "copies-unreadable", "copies-missing", "head-unusable",
    "settings-unsafe", "root", "wrong-user", "account-unknown", "rsautil-missing", "rsautil-not-executable",
    "rsautil-unsafe", "rsautil-group", "rsautil-replaced", "no-terminal", "in-background", "another-run",
    "not-confirmed", "not-answered", "answer-unknown", "answer-unusable", "text-with-password",
    "lockout-guard", "unexpected", "journal-unreadable", "check-not-ready", "interrupted", "password-impossible",
    "password-unlikely", "admin-denied", "admin-unproven", "admin-timeout",
    "admin-not-connected", "admin-not-asked", "admin-not-started", "admin-stood-still", "admin-verified",
    "journal-flaw", "journal-not-checked", "syslog-off", "syslog-silent", "syslog-journald",
    "journal-repaired", "run-resolved", "audit-sound", "rsautil-trusted-group", "time-unknown", "check-passed",
    "check-ready", "check-warned", "report-written", "update-confirmed", "update-accepted", "update-dry",
    "journal-folder", "journal-file", "journal-damaged", "journal-append-only", "journal-write", "syslog-required",
    "run-abandoned", "update-attempted", "update-not-understood", "update-unproven", "update-contradiction",
    "update-asked-again", "update-timeout", "update-lost", "update-not-ended", "result-unrecorded",
    "unexpected-after", "audit-damaged", "audit-torn", "audit-text-mode", "audit-set-back", "audit-other-chain",
    "audit-copies-differ", "update-key-missing", "update-sql-error", "update-not-connected", "update-not-asked",
    "update-not-started", "update-stood-still",
]  # fmt: skip


class OnboxError(Exception):
    """A command can't go on: CODE says why, FACTS fill the gaps of its words in messages.py."""

    def __init__(self, code: Code, /, **facts: object) -> None:
        """Take the CODE and the FACTS that its words name."""
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        """Give code and facts, for programmers; people are shown the words in messages.py."""
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.facts.items())])
