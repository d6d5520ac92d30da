"""The verdict that the evidence proves: success, failure, or neither."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from onbox.errors import Code
from onbox.rsautil.dialogue import Transcript
from onbox.rsautil.evidence import Evidence, Kind, speaks_of_change

# Both documented word for word.
ASKS_USERNAME = "Please enter OC Administrator username:"
ASKS_PASSWORD = "Please enter OC Administrator password:"  # noqa: S105 - a prompt

Outcome = Literal["success", "failure", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """The outcome as far as it is proven; `code` names the words for it."""

    outcome: Outcome
    code: Code


Condition = Callable[[Transcript, Evidence], bool]


def _untouched(said: Transcript, _: Evidence) -> bool:
    ended = said.ending == "timeout" or said.exit_code != 0
    return not said.sent and ended and not speaks_of_change(said.before)


def _ran(said: Transcript, shown: Evidence) -> bool:
    return said.exit_code == 0 and shown.result and not shown.error


def _failed(kind: Kind) -> Condition:
    return lambda _, shown: shown.error == kind and not shown.value and not shown.begun


# The first condition that holds decides. Only success and failure need proof; everything else is unknown.
UPDATE: tuple[tuple[Outcome, Code, Condition], ...] = (
    ("failure", "update-not-started", lambda said, _: said.ending == "not-started"),
    # A process that cannot be killed may go on working.
    ("unknown", "update-not-ended", lambda said, _: said.ending == "not-ended"),
    ("failure", "update-stood-still", lambda said, _: said.ending == "stood-still" and not said.sent),
    # Documented: without -p, rsautil asks for the password. It cannot log in without one.
    ("failure", "update-not-asked", _untouched),
    # From here on what was stopped may have done its work before.
    ("unknown", "update-asked-again", lambda said, _: said.ending == "asked-again"),
    ("unknown", "update-timeout", lambda said, _: said.ending != "exited"),
    ("unknown", "update-lost", lambda said, _: said.signal is not None),
    ("unknown", "update-not-understood", lambda _, shown: bool(shown.not_understood)),
    ("success", "update-confirmed", lambda said, shown: _ran(said, shown) and shown.value),
    ("success", "update-accepted", _ran),
    ("failure", "update-key-missing", _failed("missing")),
    ("failure", "update-sql-error", _failed("error")),
    ("failure", "update-not-connected", _failed("unconnected")),
    ("unknown", "update-contradiction", lambda _, shown: shown.value or shown.begun),
    ("unknown", "update-unproven", lambda *_: True),
)

# The same for the login check; that the documented line was printed is told apart.
LOGIN: tuple[tuple[Outcome, Code, Condition], ...] = (
    ("failure", "admin-not-started", lambda said, _: said.ending == "not-started"),
    ("failure", "admin-stood-still", lambda said, _: said.ending == "stood-still" and not said.sent),
    ("failure", "admin-not-asked", lambda said, _: not said.sent),
    # Asking again means that the first password was not accepted.
    ("failure", "admin-denied", lambda said, _: said.ending == "asked-again"),
    ("success", "admin-verified", lambda _, shown: shown.value),
    ("failure", "admin-timeout", lambda said, _: said.ending != "exited"),
    ("failure", "admin-not-connected", lambda _, shown: shown.error == "unconnected" and not shown.not_understood),
    ("failure", "admin-unproven", lambda *_: True),
)


def judge(table: tuple[tuple[Outcome, Code, Condition], ...], transcript: Transcript, evidence: Evidence) -> Verdict:
    """Give the verdict of TABLE on a TRANSCRIPT and the EVIDENCE in it: that of the first condition that holds."""
    return next(Verdict(outcome, code) for outcome, code, holds in table if holds(transcript, evidence))
