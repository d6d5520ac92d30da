"""The exit codes, the stable codes of what can happen with their words, and the one exception that carries a code.

A message says what happened, what that means for the appliance, and the one command to run next.
Programs rely on the codes, which stay; the words may change.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, Self


class ExitCode(IntEnum):
    """The exit codes and their promises; docs/reference.md says the same to programs.

    Each has a meaning, one outcome that screen, JSON and audit record name, and says what was changed on the appliance.
    """

    meaning: str
    outcome: str
    changed: str

    def __new__(
        cls, number: int, meaning: str, outcome: str = "refused", changed: str = "Nothing was changed."
    ) -> Self:
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


# Each names one row of the table below, in its order.
Code = Literal[
    "settings-unreadable", "settings-unknown", "settings-value", "admin-name", "text-too-long", "note-missing",
    "run-unknown", "run-not-open", "output-unwritten", "copies-unreadable", "copies-missing", "head-unusable",
    "settings-unsafe", "root", "wrong-user", "account-unknown", "rsautil-missing", "rsautil-not-executable",
    "rsautil-unsafe", "rsautil-group", "rsautil-replaced", "no-terminal", "in-background", "another-run",
    "not-confirmed", "not-answered", "answer-unknown", "answer-unusable", "text-with-password", "lockout-guard",
    "unexpected", "journal-unreadable", "check-not-ready", "interrupted", "password-impossible", "password-unlikely",
    "admin-denied", "admin-unproven", "admin-timeout", "admin-not-connected", "admin-not-asked", "admin-not-started",
    "admin-stood-still", "admin-verified", "journal-flaw", "journal-not-checked", "syslog-off", "syslog-silent",
    "syslog-journald", "journal-repaired", "run-resolved", "audit-sound", "rsautil-trusted-group", "time-unknown",
    "check-passed", "check-ready", "check-warned", "report-written", "update-confirmed", "update-accepted",
    "update-dry", "journal-folder", "journal-file", "journal-damaged", "journal-append-only", "journal-write",
    "syslog-required", "run-abandoned", "update-attempted", "update-not-understood", "update-unproven",
    "update-contradiction", "update-asked-again", "update-timeout", "update-lost", "update-not-ended",
    "result-unrecorded", "unexpected-after", "audit-damaged", "audit-torn", "audit-text-mode", "audit-set-back",
    "audit-other-chain", "audit-copies-differ", "update-key-missing", "update-sql-error", "update-not-connected",
    "update-not-asked", "update-not-started", "update-stood-still",
]  # fmt: skip


class OnboxError(Exception):
    """A command can't go on: CODE says why, FACTS fill the gaps of its words."""

    def __init__(self, code: Code, /, **facts: object) -> None:
        """Take the CODE and the FACTS that its words name."""
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Message:
    """The words of one code; `exit_code` says the same to a program."""

    code: Code
    exit_code: ExitCode
    what: str
    advice: str

    def on_record(self) -> dict[str, str]:
        """Give the fields that an audit record has for these words."""
        return {"outcome": self.exit_code.outcome, "code": self.code, "message": self.what}

    def as_json(self) -> dict[str, str | int]:
        """Give the members that a JSON object has for these words."""
        rest = {"changed": self.exit_code.changed, "advice": self.advice}
        return {"exit_code": int(self.exit_code), **self.on_record(), **rest}


def message(code: Code, /, **facts: object) -> Message:
    """Give the words of CODE with FACTS in their gaps."""
    exit_code, what, advice = MESSAGES[code]
    return Message(code, exit_code, what.format(**facts), advice.format(**facts))


def message_of(error: Exception) -> Message:
    """Give the words of ERROR; of an unforeseen one only its kind, because its text could hold a secret."""
    if isinstance(error, OnboxError):
        return message(error.code, **error.facts)
    return message("unexpected", detail=type(error).__name__)


PAGES = "/usr/share/doc/packages/onbox/docs"  # where the package installs its pages
_LOG_IN = "Log in over SSH or at the vSphere / Hyper-V console as {owner} and run onbox there."
_WATCH = "Search the Security Console for tokens whose serial number begins with MFA."
_RECORD = "Record what you found: onbox audit resolve {run} --outcome success|failure --note TEXT"
_RESOLVE = f"Running 'onbox resync' again is safe. {_RECORD}"
_LOOK = f"{_WATCH} {_RESOLVE}"
_REPORT = f"Please report the output above as {PAGES}/appliance.md says."
_LOOK_AND_REPORT = f"{_WATCH} {_REPORT} {_RESOLVE}"
_COUNTS = "Every failed login counts towards the lockout, in the Operations Console too."
_SERVICES = (
    "Run './rsaserv status all' in the server folder of Authentication Manager. "
    "After a restart the services can take over an hour to start."
)
_NOT_ASKED = (
    "rsautil never asked for the password, so no password was sent.",
    "Run ./rsautil in {folder} by hand and compare. If it needs a variable, name it in [appliance] environment.",
)
_NOT_STARTED = (
    "rsautil could not be started: {detail}.",
    "Fix that, or restore rsautil as the vendor installed it, then run 'onbox resync' again.",
)
_STOOD_STILL = (
    "onbox was stopped for longer than the time limit, so it did not send the password.",
    "Run 'onbox resync' again.",
)

# By exit code: what happened, and what to do next.
_WORDS: dict[ExitCode, dict[Code, tuple[str, str]]] = {
    ExitCode.USAGE: {
        "settings-unreadable": ("The settings file {file} cannot be read: {detail}.",
            "Check the path after --config, fix the file, or remove it to use the defaults."),
        "settings-unknown": ("The settings file {file} has an unknown key: {key}.", "Known keys: {known}."),
        "settings-value": ("{key} in the settings file {file} is not valid.", "It takes {wanted}."),
        "admin-name": ("This cannot be the name of an Operations Console administrator.",
            "A name has 1 to 255 basic ASCII characters without space, @ and ~, and does not begin with a hyphen."),
        "text-too-long": ("The {what} is longer than {most} characters.", "Shorten it."),
        "note-missing": ("The note is missing.",
            "Say why the records must be synchronised again or, to resolve a run, how you found out its outcome."),
        "run-unknown": ("{count} recorded runs have an ID that begins with {run}.",
            "Type the ID of one run, as this command lists it: onbox audit list"),
        "run-not-open": ("The run {run} cannot be resolved: {outcome}.", "Look at its records: onbox audit show {run}"),
        "output-unwritten": ("The {what} could not be written completely: {detail}.",
            "Free some space, or name a new file in a folder of yours, and try again."),
        "copies-unreadable": ("{path} cannot be read: {detail}.", "Check the path after --against."),
        "copies-missing": ("{copies} contains no syslog copy of this journal of the host {host}.",
            "Name the file with the messages of that host; if the journal is of another host: --host NAME"),
        "head-unusable": ("{head} is not the hash of a record.", "A hash has 64 hexadecimal digits."),
    },
    ExitCode.REFUSED: {
        "settings-unsafe": ("Other users can modify the settings file {file}.",
            "Only root or you may own it and write to it. As root: chown root {file}; chmod go-w {file}"),
        "root": ("onbox does not run as root.", _LOG_IN),
        "wrong-user": ("You are {user}, but {owner} is the account that runs rsautil.",
            f"{_LOG_IN} If another account runs rsautil here, set [appliance] user to its name."),
        "account-unknown": ("rsautil and {folder} belong to root, so onbox cannot tell which account runs rsautil.",
            "Set [appliance] user in {file} to the name of the account that runs rsautil, for example rsaadmin."),
        "rsautil-missing": ("rsautil cannot be found at {path}: {detail}.",
            "Run onbox on the appliance, or set [appliance] home in /etc/onbox/onbox.toml."),
        "rsautil-not-executable": ("{path} is not a program that you can read and run.",
            "Restore it as the vendor installed it. A file edited on Windows has carriage returns, which break it."),
        "rsautil-unsafe": ("onbox will not type a password into rsautil, because {who} can modify {path}.",
            "Only root and the owner of rsautil may be able to modify it: ls -ld {path}; getfacl {path}"),
        "rsautil-group": ("The group {group} can modify {path}, so onbox will not type a password into rsautil.",
            "Set [appliance] trusted_group in {file} if you trust its members. Otherwise: chmod g-w {path}"),
        "rsautil-replaced": ("{path} was modified during this run.", "Find out who did it, then run: onbox resync"),
        "no-terminal": ("onbox needs an interactive terminal, and {detail}.",
            ("Log in over SSH (ssh -t for a single command) or at the console. After su, use 'su - USER' and then "
             "onbox, or su --pty. It cannot run from cron or a pipe.")),
        "in-background": ("onbox runs in the background, where it cannot read from the terminal.",
            "Start it in the foreground. With timeout: timeout --foreground SECONDS onbox resync"),
        "another-run": ("Another run is in progress{holder}.", "Wait until it finishes: onbox status"),
        "not-confirmed": ("Not confirmed: this host is {host}.", "Run 'onbox resync' again and type the host name."),
        "not-answered": ("A question was not answered.", "Run 'onbox resync' again and answer it."),
        "answer-unknown": ("This is not one of the possible answers.", "{wanted}."),
        "answer-unusable": ("A question got no usable answer. {detail}", "When you know the answer, run: onbox resync"),
        "text-with-password": ("The {what} contains the password, so it is not recorded.",
            "Type another one. If it was an option, other users can have seen it: change the password."),
        "lockout-guard": ("{count} login checks of {admin} failed within 60 minutes. One more could lock the account.",
            ("Wait until {until}. If the account is locked, './rsaserv restart admin nodep' in the server folder of "
             "Authentication Manager unlocks it at once.")),
        "unexpected": ("onbox itself failed ({detail}).", f"Please report this: {PAGES}/appliance.md says how."),
        "journal-unreadable": ("The audit journal {path} cannot be read: {detail}.",
            "Run onbox as the owner of rsautil, or name a copy with --file."),
        "check-not-ready": ("Not ready: a run would be refused.", "Fix the items marked !!, then run: onbox check"),
    },
    ExitCode.INTERRUPTED: {
        "interrupted": ("Interrupted before the update.", "Run 'onbox resync' again when you are ready."),
    },
    ExitCode.UNVERIFIED: {
        "password-impossible": ("The password {detail}.", "It was not sent. Type it again."),
        "password-unlikely": ("The password {detail}, which the vendor excludes.",
            "It was not sent. Type it again; the same one typed again is sent."),
        "admin-denied": ("rsautil did not accept the name and password of {admin}.",
            f"Check the user name and the keyboard layout. {_COUNTS}"),
        "admin-unproven": ("rsautil did not prove that {admin} is an Operations Console administrator.",
            (f"Check the user name, the password and the services. {_COUNTS} A new administrator can take up to 30 "
             "minutes to become active. Run rsautil by hand to see its output, which onbox does not keep.")),
        "admin-timeout": ("rsautil did not finish the login check of {admin} in time and was stopped.",
            f"{_SERVICES} Or raise [timeouts] administrator in the settings. {_COUNTS}"),
        "admin-not-connected": ("The database does not answer.", f"{_SERVICES} {_COUNTS}"),
        "admin-not-asked": _NOT_ASKED,
        "admin-not-started": _NOT_STARTED,
        "admin-stood-still": _STOOD_STILL,
    },
    ExitCode.DONE: {
        "admin-verified": ("{admin} is an Operations Console administrator.", ""),
        "journal-flaw": ("{detail}", "A truncated or modified journal may not be detected."),
        "journal-not-checked": ("The audit journal was not checked, because this account may not run onbox.",
            "Run 'onbox check' as the account that runs rsautil."),
        "syslog-off": ("Without the syslog copy, a truncated or deleted journal cannot be detected.",
            "Set [audit] syslog to the local socket."),
        "syslog-silent": ("Audit records are not being copied to syslog: {detail}.",
            "Start the syslog service. A run continues without it and records a warning."),
        "syslog-journald": ("{path} leads to journald, and nothing reads the messages that journald forwards.",
            "Start rsyslog, or make sure that it reads the journal of systemd: systemctl status rsyslog"),
        "journal-repaired": ("The last record was incomplete, probably after a power loss. It is now in {file}.", ""),
        "run-resolved": ("The run {run} of {admin} ({time}) is now recorded as a {outcome}.",
            "See its records: onbox audit show {run}"),
        "audit-sound": ("{path}: the chain is intact.",
            "Note the head elsewhere and compare the syslog copies: onbox audit verify --head HASH --against FILE"),
        "rsautil-trusted-group": ("The group {group} can modify rsautil; [appliance] trusted_group allows it.",
            "Each of its members can replace rsautil and see the passwords that are typed into it."),
        "time-unknown": ("The clock of this machine may not be synchronised.", "See 'timedatectl' or 'ntpq -p'."),
        "check-passed": ("{detail}", ""),
        "check-ready": ("Ready for a resynchronisation.", "Run it: onbox resync"),
        "check-warned": ("Ready, with warnings.", "Review the warnings, then run 'onbox resync'."),
        "report-written": ("The report is in {path}.", f"Read it before you send it as {PAGES}/appliance.md says."),
        "update-confirmed": ("Confirmed: rsautil says that the marker time is now 0.", _WATCH),
        "update-accepted": ("Accepted: rsautil ran the update without an error, but did not confirm the new value.",
            f"{_WATCH} {_REPORT}"),
        "update-dry": ("Dry run: {admin} was verified and the update was not run.",
            ("Run it: onbox resync. This dry run does not prove that the update will succeed. A failed "
             "login check counts towards the lockout, in a dry run too.")),
    },
    ExitCode.UNRECORDED: {
        "journal-folder": ("The audit folder {path} cannot be used: {detail}.",
            "As root: install -d -m 0700 -o USER {path} (USER is the account that runs rsautil)"),
        "journal-file": ("The audit file {path} cannot be used: {detail}.",
            "It must be a regular file of yours with mode 0600, in a folder of yours. Look at it before you move it."),
        "journal-damaged": ("The audit journal {path} is damaged: {detail}.",
            f"Look at the damage: onbox audit verify. {PAGES}/audit.md says how to begin a new journal."),
        "journal-append-only": ("{path} is append-only, so onbox cannot move its incomplete last record aside.",
            "As root: chattr -a {path}. Run onbox once, then restore the attribute: chattr +a {path}"),
        "journal-write": ("The audit record cannot be written to {path}: {detail}.",
            "Free some space or repair the folder (df -h, df -i, ls -la, lsattr -a), then run 'onbox resync' again."),
        "syslog-required": ("The syslog copy of the audit record could not be sent: {detail}.",
            "Start the syslog service, or set [audit] syslog_required = false."),
    },
    ExitCode.UNKNOWN: {
        "run-abandoned": ("The run of {admin} ({time}) has no result.", f"{_WATCH} {_RECORD}"),
        "update-attempted": ("The update is about to run.", ""),
        "update-not-understood": ("rsautil printed lines that onbox does not understand.",
            (f"{_WATCH} Please report the lines as {PAGES}/appliance.md says; if they are harmless, list them in "
             f"[appliance] harmless. {_RESOLVE}")),
        "update-unproven": ("The output of rsautil proves neither success nor failure.", _LOOK_AND_REPORT),
        "update-contradiction": ("rsautil reported both success and an error.", _LOOK_AND_REPORT),
        "update-asked-again": ("rsautil asked for the password a second time and was stopped.", f"{_COUNTS} {_LOOK}"),
        "update-timeout": ("rsautil did not finish within {timeout:.0f} seconds and was stopped.", _LOOK),
        "update-lost": ("rsautil was killed by signal {signal}.", _LOOK),
        "update-not-ended": ("rsautil cannot be stopped and may still be running.", _LOOK),
        "result-unrecorded": ("The update ran, but its result could not be recorded ({detail}). Result: {what}",
            "Keep the record shown here. Free some space or repair the file system, then run: onbox status"),
        "unexpected-after": ("onbox itself failed after the update was started ({detail}).", _LOOK),
    },
    ExitCode.DAMAGED: {
        "audit-damaged": ("{path} was modified or truncated.",
            "Keep the journal, tip.json and the syslog copies, and compare them: onbox audit verify --against FILE"),
        "audit-torn": ("{path}: the last record is incomplete, most likely after a power loss.",
            "The next 'onbox resync' or 'onbox audit resolve' moves the incomplete record to a file of its own."),
        "audit-text-mode": ("{path} was copied in text mode. The chain of its records is intact.",
            "Copy the journal again, in binary mode (scp, sftp)."),
        "audit-set-back": ("{path} was set back to an earlier state and continued from there.",
            ("If the machine was restored from a snapshot, the copies are all that is left of the lost records. If "
             f"not, somebody rewrote the journal or sent forged copies. See {PAGES}/audit.md")),
        "audit-other-chain": (
            "{path}: the chain is intact. The copies contain another chain, whose journal was moved away or removed.",
            "If you moved it away, give the head that you noted then: onbox audit verify --against FILE --head HASH"),
        "audit-copies-differ": ("{path}: the chain is intact, but one record has different syslog copies.",
            f"Somebody sent forged copies, or rewrote the journal and sent copies of that. See {PAGES}/audit.md"),
    },
    ExitCode.FAILED: {
        "update-key-missing": ("rsautil says that the marker time does not exist on this appliance.",
            "Check that this is the primary instance and that High Availability Tokencode was enabled and published."),
        "update-sql-error": ("The database refused the update.", "Report the lines above to the vendor's support."),
        "update-not-connected": ("The database does not answer.", _SERVICES),
        "update-not-asked": _NOT_ASKED,
        "update-not-started": _NOT_STARTED,
        "update-stood-still": _STOOD_STILL,
    },
}  # fmt: skip
MESSAGES = {code: (exit_code, *words) for exit_code, rows in _WORDS.items() for code, words in rows.items()}
