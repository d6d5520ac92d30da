"""What rsautil can do wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.scene import UNCOVERED
from faults.table import (
    DENIED,
    FAILURE,
    REFUSED_LATE,
    SUCCESS,
    UNKNOWN,
    UNVERIFIED,
    Fault,
    Rows,
)

if TYPE_CHECKING:
    from faults.scene import Scene

NOT_ACCEPTED = ("did not accept the name and password", "counts towards the lockout")
NOT_PROVEN = ("did not prove",)
NOT_ASKED = ("never asked for the password",)
DOWN = ("does not answer",)
LOCKED = ("is locked", "60 minutes")
NOT_KNOWN = ("does not know this output", "not known whether the marker time was changed", "MFA")
CONTRADICTS = ("both success and an error", "not known whether")
TOO_LONG = ("did not finish within", "was stopped", "not known whether")
CONFIRMED = ("Confirmed: rsautil says that the marker time is now 0",)
ACCEPTED = ("did not confirm the new value",)
NO_KEY = ("the marker time does not exist", "primary instance")
UNCHANGED = "Nothing was changed."

# Long enough for a program to start on a busy machine, where it must have got the password before its time is over.
ASKED = {"update": 6, "administrator": 6}
# Enough where nothing needs to have happened.
BRIEF = {"update": 1, "administrator": 1}


def denied(variant: str, told: tuple[str, ...] = NOT_ACCEPTED) -> Fault:
    """Return a row for a check that got the password and did not prove it right."""
    return Fault(DENIED, (*told, UNCHANGED), verify=variant)


def failed(variant: str, told: tuple[str, ...]) -> Fault:
    """Return a row for an update that is known to have changed nothing."""
    return Fault(FAILURE, (*told, UNCHANGED), update=variant)


def unknown(variant: str, told: tuple[str, ...] = NOT_KNOWN) -> Fault:
    """Return a row for an update of which nothing is known."""
    return Fault(UNKNOWN, told, update=variant)


def done(variant: str, told: tuple[str, ...] = CONFIRMED) -> Fault:
    """Return a row for what is no fault, however strange it looks."""
    return Fault(SUCCESS, told, verify=variant, update=variant)


MOST_MEMORY = 60_000_000  # bytes


def play_with_much_output(scene: Scene) -> None:
    """See that what is printed does not stay in memory, and that only lines that decide are kept."""
    scene.run(plan="-", environment=UNCOVERED)

    assert MOST_MEMORY > scene.report()["memory"]
    assert max(len(record["transcript"]) for record in scene.journal()) <= 400


RSAUTIL: Rows = {
    "wrong password": denied("refused"),
    "wrong password, exit 0": denied("refused-exit-0"),
    "wrong password, exit 255": denied("refused-exit-255"),
    "wrong password, a stack trace": denied("refused-trace"),
    "wrong password, not a word": denied("refused-silent", NOT_PROVEN),
    "wrong password, not a word, exit 0": denied("refused-silent-exit-0", NOT_PROVEN),
    "wrong password, asked again": denied("refused-asks-again"),
    "wrong password, asked again at once": denied("refused-asks-at-once"),
    "unknown administrator": denied("unknown-administrator"),
    "unknown administrator, exit 0": denied("unknown-administrator-exit-0"),
    "account locked": denied("locked", LOCKED),
    "account locked, exit 0": denied("locked-exit-0", LOCKED),
    "database down at the check": denied("database-down", DOWN),
    "services down at the check": Fault(UNVERIFIED, NOT_ASKED, verify="services-down"),
    "stack trace at the check": denied("stack-trace", NOT_PROVEN),
    "no output at the check": denied("no-output", NOT_PROVEN),
    "asks nothing at the check": Fault(UNVERIFIED, NOT_ASKED, verify="mute"),
    "the check prints the label without a value": denied("value-missing", NOT_PROVEN),
    "the check prints the value on the next line": denied("value-next-line", NOT_PROVEN),
    "the check prints another secret": denied("value-other-label", NOT_PROVEN),
    "the check prints an error below the value": Fault(SUCCESS, CONFIRMED, verify="value-and-error"),
    "the check never ends": Fault(DENIED, ("did not finish the login check",), verify="never-ends", timeouts=ASKED),
    "the check never asks": Fault(UNVERIFIED, NOT_ASKED, verify="never-asks", timeouts=BRIEF),
    "the check is killed": denied("all-killed", NOT_PROVEN),
    "a second password prompt at the check": denied("asks-password-twice"),
    "an unexpected question at the check": Fault(UNVERIFIED, NOT_ASKED, verify="question-first", timeouts=BRIEF),
    "random bytes at the check": denied("random-bytes", NOT_PROVEN),
    "key does not exist, as NOTICE": failed("missing-notice", NO_KEY),
    "key does not exist, as ERROR": failed("missing-error", NO_KEY),
    "key does not exist, as ERROR, exit 1": failed("missing-error-exit-1", NO_KEY),
    "wrong password at the update": failed("refused", ("did not accept",)),
    "wrong password at the update, exit 0": failed("refused-exit-0", ("did not accept",)),
    "database down": failed("database-down", DOWN),
    "database down, exit 0": failed("database-down-exit-0", DOWN),
    "services down": failed("services-down", NOT_ASKED),
    "SQL ERROR, exit 0": failed("sql-error", ("The database refused the update",)),
    "Java stack trace": unknown("stack-trace"),
    "Java stack trace, exit 0": unknown("stack-trace-exit-0"),
    "no output at all": unknown("no-output"),
    "no output at all, exit 1": unknown("no-output-exit-1"),
    "asks and says nothing": unknown("mute"),
    "NOTICE for another key": unknown("notice-other-key", CONTRADICTS),
    "NOTICE with another value": unknown("notice-other-value", CONTRADICTS),
    "NOTICE for a longer key": unknown("notice-longer-key", CONTRADICTS),
    "NOTICE without the result row": unknown("notice-alone", CONTRADICTS),
    "result row without a NOTICE": Fault(SUCCESS, ACCEPTED, update="no-notice"),
    "a table without a row": unknown("no-rows"),
    "success, exit 1": unknown("success-exit-1", CONTRADICTS),
    "success row and an ERROR": unknown("success-and-error", CONTRADICTS),
    "an ERROR, then the success row": unknown("error-and-success", CONTRADICTS),
    "a second password prompt": failed("asks-password-twice", ("did not accept",)),
    "an unexpected question before the password": Fault(
        FAILURE, NOT_ASKED, update="question-first", timeouts={"update": 1}
    ),
    "an unexpected question after the password": Fault(
        UNKNOWN, TOO_LONG, update="question-after", timeouts={"update": 6}
    ),
    "another password asked for": Fault(FAILURE, NOT_ASKED, update="master-password", timeouts={"update": 1}),
    "the prompt in pieces": done("prompt-in-pieces"),
    "the prompt is late": done("prompt-late"),
    "the prompt without a space": done("prompt-without-space"),
    "the prompt without a colon": Fault(
        UNVERIFIED, NOT_ASKED, verify="prompt-without-colon", timeouts={"administrator": 1}
    ),
    "the prompt without a colon at the update": Fault(
        FAILURE, NOT_ASKED, update="prompt-without-colon", timeouts={"update": 1}
    ),
    "1 MB of random bytes": Fault(UNKNOWN, ("not known whether",), update="random-bytes", timeouts={"update": 15}),
    "300 KB without a line end": Fault(
        UNKNOWN, ("not known whether",), update="long-line", behaviour={"size": 300_000}, timeouts={"update": 15}
    ),
    "100 MB of output": Fault(
        UNKNOWN, TOO_LONG, update="much-output", timeouts={"update": 8}, play=play_with_much_output
    ),
    "invalid UTF-8": unknown("invalid-utf-8"),
    "terminal escapes": unknown("terminal-escapes"),
    "echo left on": done("echo-on"),
    "echo switched off too late": done("echo-late"),
    "the password echoed back": unknown("password-echoed"),
    "the password echoed back at the check": denied("password-echoed", NOT_PROVEN),
    "never ends": Fault(UNKNOWN, TOO_LONG, update="never-ends", timeouts=ASKED),
    "never ends, with signs of success": Fault(UNKNOWN, TOO_LONG, update="never-ends-after-success", timeouts=ASKED),
    "never ends and ignores SIGTERM": Fault(UNKNOWN, TOO_LONG, update="never-ends-stubborn", timeouts=ASKED),
    "leaves a child that holds the terminal": done("leaves-child"),
    "leaves a child in a group of its own": done("leaves-child-in-group"),
    "Java killed": unknown("killed"),
    "Java killed after the change": unknown("killed-after-change"),
    "the wrapper killed": unknown("wrapper-killed", ("ended by signal 9",)),
    "wrapper and Java killed": unknown("all-killed", ("ended by signal 9",)),
    "removed between check and use": Fault(REFUSED_LATE, ("rsautil cannot be found",), verify="removed"),
    "replaced between check and use": Fault(REFUSED_LATE, ("was modified during this run",), verify="replaced"),
    "not executable": Fault(REFUSED_LATE, ("not a program that you can run",), verify="not-executable"),
}
