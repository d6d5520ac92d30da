"""What to say to rsautil, and what its answers mean.

The vendor documents the commands and the prompts, but hardly any answer, and no exit code (docs/appliance.md).
So a verdict rests on evidence: the signs in a transcript (`signs`), weighed by one table of rules.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from onbox.errors import Code
from onbox.rsautil.evidence import KEY, Evidence, evidence_in, signs_of
from onbox.rsautil.terminal import Script, Transcript, converse, environment
from onbox.secret import Secret
from onbox.settings import Settings

VALUE = "0"
INSTANCE = "GLOBAL"
DBA_SECRET = "com.rsa.db.dba.password"  # noqa: S105 - its name; the value is never kept

# Both documented word for word.
ASKS_USERNAME = "Please enter OC Administrator username:"
ASKS_PASSWORD = "Please enter OC Administrator password:"  # noqa: S105 - a prompt

CHECK_ARGUMENTS = ("manage-secrets", "-a", "get", DBA_SECRET)
CHANGE = {"tool": "rsautil store", "action": "update_config", "key": KEY, "value": VALUE, "instance": INSTANCE}

Outcome = Literal["success", "failure", "unknown"]
Tick = Callable[[float], None]


def update_arguments(admin: str) -> tuple[str, ...]:
    """Give the one documented command: set the marker time of instance GLOBAL to 0, as administrator ADMIN."""
    return ("store", "-o", admin, "-a", "update_config", KEY, VALUE, INSTANCE)


@dataclass(frozen=True)
class Verdict:
    """What the evidence proves; MESSAGE is the key of the words for it."""

    outcome: Outcome
    message: Code


@dataclass(frozen=True)
class Answer:
    """What rsautil said to one command, and what it means."""

    verdict: Verdict
    evidence: tuple[str, ...]
    transcript: Transcript

    @property
    def password_sent(self) -> bool:
        """Tell whether rsautil asked for the password and got it."""
        return _sent(self.transcript)


@dataclass(frozen=True)
class Rule:
    """One row of the table: when it applies, what it proves, and why."""

    applies: Callable[[Transcript, Evidence], bool]
    verdict: Verdict
    because: str


def _sent(transcript: Transcript) -> bool:
    return ASKS_PASSWORD in transcript.answered


def _shows(*signs: str) -> Callable[[Transcript, Evidence], bool]:
    return lambda _, evidence: bool(evidence.signs & set(signs))


def _ran_well(transcript: Transcript, evidence: Evidence) -> bool:
    ended_well = transcript.ending == "exited" and transcript.exit_code == 0
    return ended_well and "row" in evidence.signs and not evidence.trouble


# The first row that applies decides. Only `success` and `failure` need proof; everything else is `unknown`.
RULES: tuple[Rule, ...] = (
    Rule(
        lambda said, _: said.ending == "not-started",
        Verdict("failure", "update-not-started"),
        "A program that did not start changed nothing.",
    ),
    Rule(
        lambda said, shown: not _sent(said) and said.exit_code != 0 and not shown.changed,
        Verdict("failure", "update-not-asked"),
        "Documented: without -p, rsautil asks for the password before it does anything; none was sent.",
    ),
    Rule(
        lambda said, shown: said.ending == "asked-again" and not shown.changed,
        Verdict("failure", "update-denied"),
        "Asking again means that the first password was not accepted.",
    ),
    Rule(
        lambda said, _: said.ending == "timeout",
        Verdict("unknown", "update-timeout"),
        "What was stopped after the password was sent may have done its work before.",
    ),
    Rule(
        lambda said, _: said.signal is not None,
        Verdict("unknown", "update-lost"),
        "What was killed after the password was sent may have done its work before.",
    ),
    Rule(
        lambda said, _: said.partial,
        Verdict("unknown", "update-unknown"),
        "More was said than was kept, so evidence may be missing.",
    ),
    Rule(
        lambda said, shown: _ran_well(said, shown) and "confirmed" in shown.signs,
        Verdict("success", "update-confirmed"),
        "By analogy with the documented transcript of add_config: the NOTICE is the evidence of the change.",
    ),
    Rule(
        _ran_well,
        Verdict("success", "update-accepted"),
        "The result row proves that the function ran, and there is no sign of an error.",
    ),
    Rule(
        lambda _, shown: "key-missing" in shown.signs and not shown.signs & {"confirmed", "other-change"},
        Verdict("failure", "update-key-missing"),
        "Documented: update_config of a key that was never added says that it does not exist.",
    ),
    Rule(
        lambda _, shown: shown.changed,
        Verdict("unknown", "update-contradiction"),
        "A sign of success and a sign of trouble can't both be right.",
    ),
    Rule(_shows("denied", "locked"), Verdict("failure", "update-denied"), "Without a login there is no update."),
    Rule(_shows("down"), Verdict("failure", "update-down"), "Without a connection there is no update."),
    Rule(_shows("sql-error"), Verdict("failure", "update-sql-error"), "A statement that fails has no effect."),
    Rule(_shows("usage"), Verdict("failure", "update-usage"), "What was not understood was not done."),
    Rule(lambda _, __: True, Verdict("unknown", "update-unknown"), "No evidence, no claim."),
)


def judge(transcript: Transcript, evidence: Evidence) -> Verdict:
    """Give the verdict on an update: that of the first rule that applies."""
    return next(rule.verdict for rule in RULES if rule.applies(transcript, evidence))


# The same for the administrator check, where only the documented line is proof. "denied" covers a second question.
_CHECK_SIGNS: tuple[tuple[str, Code], ...] = (
    ("locked", "admin-locked"),
    ("denied", "admin-denied"),
    ("down", "admin-down"),
)


def judge_check(transcript: Transcript, evidence: Evidence, *, proven: bool) -> Verdict:
    """Give the verdict on an administrator check; PROVEN says that the documented line was printed."""
    if transcript.ending == "asked-again":
        return Verdict("failure", "admin-denied")
    if proven:
        return Verdict("success", "admin-verified")
    if not _sent(transcript):
        return Verdict("failure", "admin-not-asked")
    if transcript.ending == "timeout":
        return Verdict("failure", "admin-timeout")
    for sign, message in _CHECK_SIGNS:
        if sign in evidence.signs:
            return Verdict("failure", message)
    return Verdict("failure", "admin-unproven")


_LABEL = re.compile(rf"({re.escape(DBA_SECRET)}).*", re.IGNORECASE)


class _DbaSecretFilter:
    """Drops the secret that the administrator check prints, and all that follows its label, unread."""

    def __init__(self) -> None:
        self.printed = False
        self._labelled = False

    def __call__(self, line: str) -> str:
        if self._labelled:
            return ""
        before, label, value = line.partition(f"{DBA_SECRET}:")
        self._labelled = bool(label)
        # An error can stand there too; whatever it is, it is not kept.
        refused = signs_of(value) & {sign for sign, _ in _CHECK_SIGNS}
        self.printed = self._labelled and not before.strip() and bool(value.strip()) and not refused
        if label:
            return f"{label} <not kept>"
        # Written in another way than documented it proves nothing, and what follows may be the secret all the same.
        return _LABEL.sub(lambda name: f"{name[1]} <not kept>", line)


def check_administrator(settings: Settings, admin: str, password: Secret, tick: Tick) -> Answer:
    """Have rsautil check that ADMIN is an Operations Console administrator with this PASSWORD.

    It is asked for a secret that only such an administrator gets; documented, and it changes nothing.
    The proof is the line with that secret, which is dropped unread.
    Documented without `-o`, so the name is given at its prompt.
    """
    hide = _DbaSecretFilter()
    fingerprint = password.fingerprint()
    script = Script(
        answers={ASKS_USERNAME: admin.encode, ASKS_PASSWORD: password.reveal},
        decides=lambda line: bool(signs_of(line)),
        redact=lambda line: hide(fingerprint.redact(line)),
    )
    transcript = _run(settings, CHECK_ARGUMENTS, script, settings.administrator_timeout, tick)
    evidence = evidence_in(transcript)
    # The secret could stand in any other line, so only refusals are kept: who is refused is not shown it.
    lines = tuple(line for line in evidence.lines if signs_of(line) & {sign for sign, _ in _CHECK_SIGNS})
    verdict = judge_check(transcript, evidence, proven=hide.printed)
    return Answer(verdict, lines, replace(transcript, lines=lines))


def update_marker_time(settings: Settings, admin: str, password: Secret, tick: Tick) -> Answer:
    """Set the marker time to 0, as ADMIN; PASSWORD is forgotten as soon as it is typed, and in any case."""
    fingerprint = password.fingerprint()
    script = Script(
        answers={ASKS_USERNAME: admin.encode, ASKS_PASSWORD: password.surrender},
        decides=lambda line: bool(signs_of(line)),
        redact=fingerprint.redact,
    )
    try:
        transcript = _run(settings, update_arguments(admin), script, settings.update_timeout, tick)
    finally:
        password.forget()
    evidence = evidence_in(transcript)
    return Answer(judge(transcript, evidence), evidence.lines, transcript)


def _run(settings: Settings, arguments: tuple[str, ...], script: Script, timeout: float, tick: Tick) -> Transcript:
    clean = environment(os.getuid(), os.environ)
    return converse(settings.rsautil, arguments, script, environment=clean, timeout=timeout, tick=tick)
