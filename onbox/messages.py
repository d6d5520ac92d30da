"""Every way a command can end: its exit code, its words and its advice, in the vendor's terms.

`docs/messages.md` is made from this table.
"""

from dataclasses import dataclass, replace

DONE, FAILED, USAGE, REFUSED, UNVERIFIED, UNRECORDED, UNKNOWN, DAMAGED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 130

MEANING = {
    DONE: "done",
    FAILED: "rsautil refused or failed the update",
    USAGE: "wrong usage",
    REFUSED: "refused",
    UNVERIFIED: "administrator not verified",
    UNRECORDED: "no audit record could be written",
    UNKNOWN: "outcome unknown",
    DAMAGED: "audit journal damaged",
    INTERRUPTED: "interrupted before the update",
}

CHANGED = {
    DONE: "",
    FAILED: "Nothing was changed.",
    USAGE: "Nothing was changed.",
    REFUSED: "Nothing was changed.",
    UNVERIFIED: "Nothing was changed.",
    UNRECORDED: "Nothing was changed.",
    UNKNOWN: "It is not known whether the marker time was changed.",
    DAMAGED: "Nothing was changed.",
    INTERRUPTED: "Nothing was changed.",
}


@dataclass(frozen=True)
class Message:
    """What happened, and what to do next; EXIT_CODE says the same to a program.

    `unrecognised` marks the answers of rsautil that nobody has seen yet and that are worth reporting.
    """

    exit_code: int
    what: str
    advice: str
    unrecognised: bool = False

    @property
    def changed(self) -> str:
        """Say what was changed on the appliance, as far as the exit code promises it."""
        return CHANGED[self.exit_code]

    def filled(self, facts: dict[str, object]) -> "Message":
        """Put FACTS into the gaps of the texts."""
        return replace(self, what=self.what.format(**facts), advice=self.advice.format(**facts))


_LOG_IN = "Log in as the owner of rsautil over SSH or at the vSphere / Hyper-V console and run onbox there."
_LOOK = (
    "Search the Security Console for tokens whose serial number begins with MFA. "
    "Running onbox resync again is safe; 'onbox audit resolve' puts on record what you found."
)
_WATCH = "In the Security Console, find serial numbers that begin with MFA."
_LOCKOUT = "Five failed logins lock the account for 60 minutes"

MESSAGES: dict[str, Message] = {
    # Usage
    "settings-missing": Message(USAGE, "There is no settings file {file}.", "Check the path behind --config."),
    "settings-unreadable": Message(
        USAGE, "The settings file {file} can't be read: {detail}.", "Put it right, or remove it to use the defaults."
    ),
    "settings-unknown": Message(
        USAGE, "The settings file {file} holds an unknown key: {key}.", "Known there: {known}."
    ),
    "settings-value": Message(USAGE, "{key} in the settings file {file} is not valid.", "It takes {wanted}."),
    "admin-name": Message(
        USAGE,
        "{name} can't be the name of an Operations Console administrator.",
        "It has 1 to 255 basic ASCII characters without space, @ and ~, and must not begin with a hyphen here.",
    ),
    "text-too-long": Message(USAGE, "The {what} is longer than {most} characters.", "Shorten it."),
    "note-missing": Message(
        USAGE, "The reason 'other' needs a note.", "Say in --note why the records must be synchronised again."
    ),
    "reason-unknown": Message(USAGE, "{answer} is not one of the reasons.", "Answer with a number from 1 to 5."),
    "time-unreadable": Message(
        USAGE,
        "{answer} is not a date or a time.",
        "Write 2026-11-24 or 2026-11-24T08:30, which is UTC unless an offset such as +01:00 follows.",
    ),
    "run-unknown": Message(USAGE, "No run on record has an id that begins with {run}.", "See 'onbox audit list'."),
    "run-ambiguous": Message(
        USAGE, "{count} runs have an id that begins with {run}: {runs}.", "Give more of the id of the one you mean."
    ),
    "run-not-open": Message(
        USAGE, "The run {run} is not open: {outcome}.", "Only a run whose outcome is unknown can be resolved."
    ),
    "note-empty": Message(USAGE, "The note is empty.", "Say in --note how the outcome was found out."),
    "export-unwritten": Message(
        USAGE,
        "The export could not be written whole: {detail}.",
        "Make room for it, or keep its reader open, and export again.",
    ),
    # Refused
    "settings-unsafe": Message(
        REFUSED,
        "The settings file {file} could be changed by somebody else.",
        "It must belong to root or to you, and nobody else may write it: chmod go-w.",
    ),
    "root": Message(REFUSED, "onbox is not run as root.", _LOG_IN),
    "wrong-user": Message(REFUSED, "You are {user}, but rsautil belongs to {owner}.", _LOG_IN),
    "rsautil-missing": Message(
        REFUSED,
        "There is no rsautil at {path}: {detail}.",
        "Run onbox on the appliance, or set [appliance] home in /etc/onbox/onbox.toml.",
    ),
    "rsautil-not-executable": Message(
        REFUSED, "{path} is not a program that you can run.", "Restore its mode as the vendor installed it."
    ),
    "rsautil-unsafe": Message(
        REFUSED,
        "{path} could be changed by somebody else, so rsautil can't be trusted with a password.",
        "Take the write permission from group and others: chmod go-w {path}.",
    ),
    "rsautil-replaced": Message(
        REFUSED,
        "{path} was changed while this run was under way.",
        "Find out who changed it; then run onbox again.",
    ),
    "no-terminal": Message(
        REFUSED,
        "A person at a terminal is needed, and there is none: {detail}.",
        "Log in over SSH (with 'ssh -t' for a single command) or at the console; cron and pipes are refused.",
    ),
    "another-run": Message(
        REFUSED,
        "Another run of onbox is under way on this appliance.",
        "Wait for its end, which 'onbox status' shows.",
    ),
    "not-confirmed": Message(
        REFUSED, "Not confirmed: this host is {host}, not {answer}.", "Run it again and type the host name exactly."
    ),
    "not-answered": Message(REFUSED, "A question was not answered.", "Run it again and answer it."),
    "lockout-close": Message(
        REFUSED,
        "Stopped: {count} checks of {admin} failed in the last 60 minutes.",
        f"Make sure of the password first. {_LOCKOUT}.",
    ),
    "lockout-guard": Message(
        REFUSED,
        "{count} checks of {admin} failed in the last 60 minutes; one more could lock the account.",
        "Wait until {until}. "
        "If it is locked, './rsaserv restart admin nodep' in the server folder of Authentication Manager releases it.",
    ),
    "unexpected": Message(
        REFUSED, "onbox itself failed ({detail}).", "Run it again with --verbose and report what it prints."
    ),
    # The administrator
    "password-unusable": Message(
        UNVERIFIED,
        "The password was not sent: it {detail}.",
        "Run onbox again and type the password of the Operations Console administrator.",
    ),
    "admin-denied": Message(
        UNVERIFIED,
        "rsautil did not accept the name and password of {admin}.",
        f"Check both in the Operations Console before the next try. {_LOCKOUT}.",
    ),
    "admin-locked": Message(
        UNVERIFIED,
        "rsautil says that the account of {admin} is locked.",
        "Wait 60 minutes, or run './rsaserv restart admin nodep' in the server folder of Authentication Manager.",
    ),
    "admin-unproven": Message(
        UNVERIFIED,
        "rsautil did not prove that {admin} is an Operations Console administrator.",
        f"Check name, password and the services (rsaserv status). {_LOCKOUT}; a new one takes up to 30 minutes.",
    ),
    "admin-timeout": Message(
        UNVERIFIED,
        "rsautil did not finish checking {admin} in time and was stopped.",
        f"Check the services (rsaserv status), or raise [timeouts] administrator. {_LOCKOUT}.",
    ),
    "admin-down": Message(
        UNVERIFIED,
        "rsautil could not check {admin}: a service or the database does not answer.",
        "Check the services with 'rsaserv status all' in the server folder of Authentication Manager.",
    ),
    "admin-not-asked": Message(
        UNVERIFIED,
        "rsautil ended or stood still without asking for the password of {admin}.",
        "Run './rsautil manage-secrets --help' in the utils folder and see whether it works at all.",
    ),
    # The audit journal
    "journal-folder": Message(
        UNRECORDED,
        "The audit folder {path} can't be used: {detail}.",
        "As root: install -d -m 0700 -o USER {path}, USER being the owner of rsautil.",
    ),
    "journal-file": Message(
        UNRECORDED,
        "The audit file {path} can't be used: {detail}.",
        "It must be a regular file of yours with mode 0600; look at it before you move it away.",
    ),
    "journal-damaged": Message(
        UNRECORDED,
        "The audit journal {path} is damaged: {detail}.",
        "See 'onbox audit verify'; move audit.jsonl and tip.json into a folder of their own and keep them.",
    ),
    "journal-write": Message(
        UNRECORDED,
        "The audit record can't be written to {path}: {detail}.",
        "Make room or repair the file system (df, mount), then run onbox again.",
    ),
    "syslog-required": Message(
        UNRECORDED,
        "The copy of the audit record could not be sent to syslog: {detail}.",
        "Start the syslog service, or set [audit] syslog_required = false.",
    ),
    # Worth knowing, but no reason to refuse a run
    "journal-readable": Message(DONE, "Others can read the audit folder {path}.", "chmod 0700 {path}"),
    "journal-room": Message(DONE, "Only {room} KiB are free for {path}.", "Make room before the disk is full."),
    "syslog-off": Message(
        DONE,
        "The syslog copy is switched off, so a journal that was cut off or removed does not show.",
        "Set [audit] syslog to the local socket.",
    ),
    "syslog-silent": Message(
        DONE,
        "No syslog takes a copy of the audit records: {detail}.",
        "Start the syslog service; a run goes on without it, with a warning on record.",
    ),
    "time-unknown": Message(
        DONE, "The machine does not say that its clock is synchronised.", "See 'timedatectl' or 'ntpq -p'."
    ),
    # The check of the machine, and the report on it
    "check-ready": Message(DONE, "Ready: a resynchronisation can be run here.", "onbox resync"),
    "check-warned": Message(DONE, "Ready, apart from the warnings.", "Look at what is marked; then onbox resync"),
    "check-not-ready": Message(
        REFUSED, "Not ready: a resynchronisation would be refused.", "Put right what is marked, and check again."
    ),
    "report-written": Message(
        DONE, "{path} is written.", "Read it before you send it; docs/compatibility.md says where."
    ),
    "report-exists": Message(REFUSED, "There is a file {path} already.", "Name a new file behind --report."),
    "report-unwritable": Message(
        REFUSED, "The report can't be written to {path}: {detail}.", "Name a file in a folder of yours."
    ),
    # Interrupted
    "interrupted": Message(INTERRUPTED, "Interrupted before the update.", "Run onbox again when you are ready."),
    # The update
    "update-confirmed": Message(DONE, "Done: rsautil confirmed that the marker time is 0.", _WATCH),
    "update-accepted": Message(
        DONE, "Accepted: rsautil ran the update without an error, but did not confirm the new value.", _WATCH, True
    ),
    "update-dry": Message(DONE, "Dry run: {admin} was verified; the update was not run.", "Run it without --dry-run."),
    "update-denied": Message(
        FAILED,
        "rsautil refused the update: it did not accept the administrator's name and password.",
        f"Check both in the Operations Console. {_LOCKOUT}.",
    ),
    "update-key-missing": Message(
        FAILED,
        "rsautil says that the marker time does not exist on this appliance.",
        "Check that this is the primary instance and that High Availability Tokencode was ever enabled and published.",
    ),
    "update-sql-error": Message(
        FAILED, "The database refused the update.", "Report the lines above to the vendor's support."
    ),
    "update-down": Message(
        FAILED,
        "The database or a service does not answer.",
        "Check the services with 'rsaserv status all' in the server folder of Authentication Manager.",
    ),
    "update-usage": Message(
        FAILED,
        "rsautil did not understand the command; this release may differ from the documented one.",
        "Report the lines above; docs/compatibility.md says how.",
    ),
    "update-not-asked": Message(
        FAILED,
        "rsautil ended or stood still without asking for the password; none was sent.",
        "Run './rsautil store --help' in the utils folder and see whether it works at all.",
    ),
    "update-not-started": Message(
        FAILED, "rsautil could not be started: {detail}.", "Restore it as the vendor installed it, then run again."
    ),
    "update-timeout": Message(UNKNOWN, "rsautil did not end within {timeout:.0f} seconds and was stopped.", _LOOK),
    "update-lost": Message(UNKNOWN, "rsautil was ended by signal {signal}.", _LOOK),
    "update-contradiction": Message(UNKNOWN, "rsautil's answer contradicts itself.", _LOOK, True),
    "update-unknown": Message(UNKNOWN, "rsautil's answer is not one of the known ones.", _LOOK, True),
    "result-unrecorded": Message(
        UNKNOWN,
        "The result could not be put on record ({detail}); rsautil's answer was: {what}",
        "Keep the record shown here; make room or repair the file system, then see 'onbox status'.",
    ),
    "unexpected-after": Message(UNKNOWN, "onbox itself failed after the attempt ({detail}).", _LOOK),
    # Reading the audit journal
    "run-resolved": Message(
        DONE,
        "The run {run} is now on record as a {outcome}; nothing else was changed.",
        "See 'onbox audit show {run}'.",
    ),
    "journal-unreadable": Message(
        REFUSED,
        "There is no audit journal at {path} that can be read: {detail}.",
        "Run it as the owner of rsautil, or name a copy with --file.",
    ),
    "copies-unreadable": Message(USAGE, "{path} can't be read: {detail}.", "Check the path behind --against."),
    "copies-missing": Message(
        USAGE,
        "{path} holds no copy of a record of this journal.",
        "Name the file to which the syslog server writes the messages of this host.",
    ),
    "head-unusable": Message(USAGE, "{head} is not the hash of a record.", "It has 64 hexadecimal digits."),
    "audit-sound": Message(
        DONE,
        "{path} is whole and unchanged, as far as it can tell by itself.",
        "Note the head where nobody here can change it, and compare with the syslog copy: --head, --against.",
    ),
    "audit-damaged": Message(
        DAMAGED,
        "{path} is not what was written.",
        "Keep it and tip.json as they are, and compare with the syslog copy: onbox audit verify --against FILE.",
    ),
    "audit-torn": Message(
        DAMAGED,
        "{path} ends with a line that was never finished: an accident, no tampering.",
        "Nothing has to be done: the next run keeps its bytes in a file beside the journal and goes on.",
    ),
}
