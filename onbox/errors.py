"""The exit codes of onbox, the stable codes of what can happen, and the one exception that carries them."""

from enum import IntEnum
from typing import Literal


class ExitCode(IntEnum):
    """The exit codes and their promises; docs/reference.md says the same to programs."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNVERIFIED = 4
    UNRECORDED = 5
    UNKNOWN = 6
    DAMAGED = 7
    INTERRUPTED = 130


# Each names one row of the table in messages.py.
Code = Literal[
    # usage
    "settings-missing", "settings-unreadable", "settings-unknown", "settings-value",
    "admin-name", "text-too-long", "note-missing", "note-empty",
    "run-unknown", "run-ambiguous", "run-not-open", "export-unwritten", "copies-unreadable", "copies-missing",
    "head-unusable",
    # refused
    "settings-unsafe", "root", "wrong-user", "account-unknown", "rsautil-missing", "rsautil-not-executable",
    "rsautil-unsafe", "rsautil-group", "rsautil-replaced", "no-terminal",
    "no-controlling-terminal", "in-background", "another-run", "not-confirmed", "not-answered",
    "answer-control", "answer-unknown", "answer-unusable", "text-with-password", "lockout-close",
    "lockout-guard", "unexpected", "check-not-ready", "report-exists", "report-unwritable", "journal-unreadable",
    "interrupted",
    # the administrator's login
    "password-impossible", "password-unlikely", "password-unusable", "admin-verified", "admin-denied",
    "admin-unproven", "admin-timeout", "admin-not-connected", "admin-not-asked", "admin-not-started",
    "admin-stood-still",
    # the audit journal
    "journal-folder", "journal-file", "journal-damaged", "journal-append-only", "journal-write", "journal-flaw",
    "syslog-required", "journal-readable", "journal-not-checked", "syslog-off", "syslog-silent",
    "syslog-journald", "run-abandoned", "journal-repaired", "run-resolved", "audit-sound", "audit-damaged",
    "audit-torn", "audit-text-mode", "audit-set-back", "audit-other-chain", "audit-copies-differ",
    # the machine
    "rsautil-trusted-group", "time-unknown", "check-passed", "check-ready", "check-warned", "report-written",
    # the update
    "update-attempted", "update-confirmed", "update-accepted", "update-dry", "update-key-missing", "update-sql-error",
    "update-not-connected", "update-not-asked", "update-not-started", "update-stood-still", "update-not-understood",
    "update-unproven", "update-contradiction", "update-asked-again", "update-timeout", "update-lost",
    "update-not-ended", "update-too-long", "result-unrecorded", "unexpected-after",
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
