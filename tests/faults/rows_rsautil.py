"""Faults of rsautil."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from faults.scene import UNCOVERED
from faults.table import DENIED, FAILURE, NOT_STARTED, REFUSED_LATE, SUCCESS, UNKNOWN, UNVERIFIED, Fault, Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faults.scene import Scene

UNCHANGED = "Nothing was changed."
IN_DOUBT = "It is not known whether the marker time was changed."

# Long enough for a program to start on a busy machine, where it must have got the password before its time is over.
ASKED = {"update": 6, "administrator": 6}
# Enough if nothing needs to have happened.
BRIEF = {"update": 1.5, "administrator": 1.5}


def denied(variant: str, code: str = "admin-unproven", timeouts: Mapping[str, float] | None = None) -> Fault:
    """Return a row for a login check that got the password and did not prove it right."""
    return Fault(DENIED, (code, UNCHANGED), verify=variant, timeouts=timeouts or {})


def unasked(variant: str, *told: str) -> Fault:
    """Return a row for a login check that got no password."""
    return Fault(UNVERIFIED, ("admin-not-asked", UNCHANGED, *told), verify=variant, timeouts=BRIEF)


def failed(variant: str, *told: str, timeouts: Mapping[str, float] | None = None) -> Fault:
    """Return a row for an update that is known to have changed nothing."""
    return Fault(FAILURE, (*told, UNCHANGED), update=variant, timeouts=timeouts or {})


def unknown(variant: str, *told: str, timeouts: Mapping[str, float] | None = None) -> Fault:
    """Return a row for an update of which nothing is known."""
    return Fault(UNKNOWN, (*(told or ("update-not-understood",)), IN_DOUBT), update=variant, timeouts=timeouts or {})


def done(variant: str) -> Fault:
    """Return a row for what is no fault, however strange it looks."""
    return Fault(SUCCESS, ("update-confirmed",), verify=variant, update=variant)


BEFORE_ATTEMPT, AFTER_ATTEMPT = "onbox.resync.confirmation:confirm 1 after", "onbox.rsautil.terminal:converse 2 before"


def spoilt(spoil: Callable[[Path], object], *told: str, place: str = BEFORE_ATTEMPT) -> Fault:
    """Return a row for a rsautil that is spoilt between the check and the update."""

    def play(scene: Scene) -> None:
        scene.stop_at(place, lambda: spoil(scene.machine.rsautil))

    return Fault(REFUSED_LATE if place == BEFORE_ATTEMPT else NOT_STARTED, told, play=play)


def no_program(text: str, mode: int, *told: str) -> Fault:
    """Return a row for a rsautil that becomes another program between the attempt and the update."""

    def spoil(rsautil: Path) -> None:
        rsautil.write_text(text)
        rsautil.chmod(mode)

    return spoilt(spoil, "update-not-started", UNCHANGED, *told, place=AFTER_ATTEMPT)


MOST_MEMORY = 60_000_000  # bytes


def play_with_much_output(scene: Scene) -> None:
    """See that what is printed does not stay in memory, and that only some of it is kept."""
    scene.run(plan="-", environment=UNCOVERED)

    assert MOST_MEMORY > scene.report()["memory"]
    assert max(len(record["transcript"]) for record in scene.journal()) <= 500


RSAUTIL: Rows = {
    "wrong password": denied("login-refused"),
    "wrong password, not a word": denied("no-output-exit-1"),
    "wrong password, asked again": denied("refused-asks-again", "admin-denied"),
    "wrong password, asked again at once": denied("refused-asks-at-once", "admin-denied"),
    "database down at the check": denied("login-database-down", "admin-not-connected"),
    "services down at the check": unasked("services-down", "The RSA Administration Server"),
    "asks nothing at the check": unasked("mute"),
    "the check prints a secret unasked": unasked("login-unasked"),
    "the check prints the label without a value": denied("value-missing"),
    "the check prints the value on the next line": denied("login-next-line"),
    "the check prints an error in place of the value": denied("login-sentence"),
    "the check prints the line, exit 1": Fault(SUCCESS, ("update-confirmed",), verify="login-exit-1"),
    "the check never ends": denied("never-ends", "admin-timeout", ASKED),
    "the check never asks": unasked("never-asks"),
    "the check is killed": denied("all-killed"),
    "a second password prompt at the check": denied("asks-password-twice", "admin-denied"),
    "an unexpected question at the check": unasked("question-first", "(Y/N)"),
    "random bytes at the check": denied("random-bytes"),
    "key does not exist, as ERROR": failed("missing-error", "update-key-missing"),
    "key does not exist, as NOTICE": unknown("missing-notice"),
    "wrong password at the update": unknown("refused"),
    "database down": failed("database-down", "update-not-connected"),
    "services down": failed("services-down", "update-not-asked", "The RSA Administration Server"),
    "a variable is missing": failed("variable-missing", "update-not-asked", "AM_HOME is not set"),
    "SQL ERROR, exit 0": failed("sql-error", "update-sql-error"),
    "Java stack trace": unknown("stack-trace"),
    "no output at all": unknown("no-output", "update-unproven"),
    "asks and says nothing": unknown("mute", "update-unproven"),
    "NOTICE for another key": unknown("notice-other-key"),
    "NOTICE without the result row": unknown("notice-alone", "update-unproven"),
    "result row without a NOTICE": Fault(SUCCESS, ("update-accepted",), update="no-notice"),
    "success, and logging libraries speak of themselves": Fault(
        SUCCESS, ("update-confirmed",), update="confirmed-logging"
    ),
    "success, and an unknown line": unknown("not-saved"),
    "success row and an ERROR": unknown("success-and-error", "update-contradiction"),
    "the connection lost": unknown("lost"),
    "a second password prompt": unknown("asks-password-twice", "update-asked-again"),
    "an unexpected question before the password": failed("question-first", "update-not-asked", timeouts=BRIEF),
    "an unexpected question after the password": unknown("question", "update-timeout", timeouts=ASKED),
    "another password asked for": failed("another-prompt", "update-not-asked", timeouts=BRIEF),
    "the prompt in pieces": done("prompt-in-pieces"),
    "the prompt behind a warning, without a space": done("prompt-after-noise"),
    "the prompt drawn again and again": done("line-editor"),
    "the prompt without a colon": unasked("prompt-without-colon"),
    "the prompt without a colon at the update": failed("prompt-without-colon", "update-not-asked", timeouts=BRIEF),
    "1 MB of random bytes": unknown("random-bytes", IN_DOUBT, timeouts={"update": 15}),
    "300 KB without a line end": unknown("long-line", IN_DOUBT, timeouts={"update": 15}),
    "100 MB of output": Fault(
        UNKNOWN, (IN_DOUBT,), update="much-output", timeouts={"update": 8}, play=play_with_much_output
    ),
    "invalid UTF-8": unknown("invalid-utf-8"),
    "terminal escapes": unknown("terminal-escapes"),
    "echo left on": done("echo-on"),
    "the password echoed back": unknown("password-echoed"),
    "the password echoed back at the check": denied("password-echoed"),
    "the secret of the check in a trace of the update": unknown("secret-traced"),
    "never ends": unknown("never-ends", "update-timeout", timeouts=ASKED),
    "never ends, with signs of success": unknown("never-ends-after-success", "update-timeout", timeouts=ASKED),
    "never ends and ignores SIGTERM": unknown("never-ends-stubborn", "update-timeout", timeouts=ASKED),
    "leaves a child in a group of its own": done("leaves-child"),
    "Java killed after the change": unknown("killed-after-change"),
    "the wrapper killed": unknown("wrapper-killed", "update-lost"),
    "wrapper and Java killed": unknown("all-killed", "update-lost"),
    "removed between check and use": spoilt(Path.unlink, "rsautil-missing"),
    "replaced between check and use": spoilt(partial(Path.write_text, data="#!/bin/sh\n"), "rsautil-replaced"),
    "not executable": spoilt(partial(Path.chmod, mode=0o644), "rsautil-not-executable"),
    "without a first line": no_program("echo", 0o755, "names no interpreter"),
    "without its interpreter": no_program("#!/no/such/program", 0o755, "interpreter"),
    "not readable": no_program("#!/bin/sh", 0o100, "may not read"),
}
