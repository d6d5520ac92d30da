"""The verdict that the evidence proves: a code, whose outcome is success, failure or unknown (errors.py)."""

from collections.abc import Callable

from onbox.errors import Code
from onbox.rsautil.dialogue import Transcript
from onbox.rsautil.evidence import Evidence, Kind, speaks_of_change

# Both documented word for word.
ASKS_USERNAME = "Please enter OC Administrator username:"
ASKS_PASSWORD = "Please enter OC Administrator password:"  # noqa: S105 - a prompt

Condition = Callable[[Transcript, Evidence], bool]


def _untouched(said: Transcript, _: Evidence) -> bool:
    ended = said.ending == "timeout" or said.exit_code != 0
    return not said.sent and ended and not speaks_of_change(said.before)


def _ran(said: Transcript, shown: Evidence) -> bool:
    return said.exit_code == 0 and shown.result and not shown.error


def _failed(kind: Kind) -> Condition:
    return lambda _, shown: shown.error == kind and not shown.value and not shown.begun


# The first condition that holds decides. Only success and failure need proof; everything else is unknown.
UPDATE: tuple[tuple[Code, Condition], ...] = (
    # Failure: rsautil was not started, or did not get the password.
    ("update-not-started", lambda said, _: said.ending == "not-started"),
    # Unknown, since a process that cannot be killed may go on working.
    ("update-not-ended", lambda said, _: said.ending == "not-ended"),
    ("update-stood-still", lambda said, _: said.ending == "stood-still" and not said.sent),
    # Documented: without -p, rsautil asks for the password. It cannot log in without one.
    ("update-not-asked", _untouched),
    # Unknown: what was stopped may have done its work before, and a line may mean anything.
    ("update-asked-again", lambda said, _: said.ending == "asked-again"),
    ("update-timeout", lambda said, _: said.ending != "exited"),
    ("update-lost", lambda said, _: said.signal is not None),
    ("update-not-understood", lambda _, shown: bool(shown.not_understood)),
    # Success.
    ("update-confirmed", lambda said, shown: _ran(said, shown) and shown.value),
    ("update-accepted", _ran),
    # Failure: an error, and no sign of a change.
    ("update-key-missing", _failed("missing")),
    ("update-sql-error", _failed("error")),
    ("update-not-connected", _failed("unconnected")),
    # Unknown.
    ("update-contradiction", lambda said, shown: (shown.value or shown.begun) and bool(shown.error or said.exit_code)),
    ("update-unproven", lambda *_: True),
)

# The same for the login check; that the documented line was printed is told apart.
LOGIN: tuple[tuple[Code, Condition], ...] = (
    ("admin-not-started", lambda said, _: said.ending == "not-started"),
    ("admin-stood-still", lambda said, _: said.ending == "stood-still" and not said.sent),
    ("admin-not-asked", lambda said, _: not said.sent),
    # Asking again means that the first password was not accepted.
    ("admin-denied", lambda said, _: said.ending == "asked-again"),
    ("admin-verified", lambda _, shown: shown.value),
    ("admin-timeout", lambda said, _: said.ending != "exited"),
    ("admin-not-connected", lambda _, shown: shown.error == "unconnected" and not shown.not_understood),
    ("admin-unproven", lambda *_: True),
)


def judge(table: tuple[tuple[Code, Condition], ...], transcript: Transcript, evidence: Evidence) -> Code:
    """Give the verdict of TABLE on a TRANSCRIPT and the EVIDENCE in it: that of the first condition that holds."""
    return next(code for code, holds in table if holds(transcript, evidence))
