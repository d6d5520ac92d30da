"""The two calls of rsautil, and the meaning of their output.

The vendor documents the command lines and the prompts, but hardly any answer, and no exit code (docs/appliance.md).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from onbox.errors import Code
from onbox.rsautil.dialogue import INVISIBLE, Transcript
from onbox.rsautil.evidence import KEY, weigh
from onbox.rsautil.terminal import Tick, converse
from onbox.rsautil.verdict import ASKS_PASSWORD, ASKS_USERNAME, LOGIN, UPDATE, judge
from onbox.secret import Fingerprint, Secret
from onbox.settings import Settings

DBA_SECRET = "com.rsa.db.dba.password"  # noqa: S105 - its name; the value is never kept

CHECK_ARGUMENTS = ("manage-secrets", "-a", "get", DBA_SECRET)
CHANGE = {"tool": "rsautil store", "action": "update_config", "key": KEY, "value": "0", "instance": "GLOBAL"}

_LONGEST_KEPT, _MOST_SHOWN = 1000, 20
# Documented: the line with the secret. A word of 8 characters or more in which two of upper case, lower case and
# digits occur is one; `undefined`, `NOT_FOUND` and sentences are none.
_PROOF = re.compile(rf"{re.escape(DBA_SECRET)}: (\S{{8,}})")
_LABEL = re.compile(rf"({re.escape(DBA_SECRET)}).*", re.IGNORECASE)
# How often a mask stands somewhere tells the length of what it hides.
_MASK = re.compile(r"([^\w\s-]|[^\W\d_])\1{4,}")


def update_arguments(admin: str) -> tuple[str, ...]:
    """Give the one documented command: set the marker time of instance GLOBAL to 0, as administrator ADMIN."""
    return ("store", "-o", admin, "-a", "update_config", KEY, "0", "GLOBAL")


@dataclass(frozen=True)
class Answer:
    """The output of one call of rsautil, without secrets, and its meaning: `code` names the verdict.

    `evidence` are the lines that prove something or, if rsautil never asked for the password, what it printed instead;
    `not_understood` are those that leave the outcome unknown, and `listed` the entries of [appliance] harmless that
    were needed. `secret` recognises what the login check printed.
    """

    code: Code
    evidence: tuple[str, ...]
    transcript: Transcript
    not_understood: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    secret: Fingerprint | None = None


def check_login(settings: Settings, admin: str, password: Secret, tick: Tick) -> Answer:
    """Have rsautil check that ADMIN is an Operations Console administrator with this PASSWORD.

    It is asked for a secret that only such an administrator gets; documented, and it changes nothing.
    Documented without `-o`, so the name is given at its prompt.
    """
    typed = password.fingerprint()
    answers = {ASKS_USERNAME: admin.encode, ASKS_PASSWORD: password.reveal}
    limit, passed_on = settings.administrator_timeout, settings.environment
    said = converse(settings.rsautil, CHECK_ARGUMENTS, answers, limit, tick, password.forget, passed_on)
    secret, found = _secret_in(said.after), weigh(said.after)
    found.value = secret is not None
    code = judge(LOGIN, said, found)
    # The secret could stand in any line behind the password, but not in what psql says of a connection.
    after = _kept(found.lines if code == "admin-not-connected" else (), typed)
    before = _kept(said.before, typed)
    evidence = after if said.sent else before
    return Answer(code, evidence[:_MOST_SHOWN], replace(said, before=before, after=after), secret=secret)


def update_marker_time(
    settings: Settings, admin: str, password: Secret, tick: Tick, secret: Fingerprint | None = None
) -> Answer:
    """Set the marker time to 0, as ADMIN; PASSWORD is forgotten as soon as it is typed, and in any case.

    SECRET is what the login check printed, which is not kept if it is printed again.
    """
    secrets = [password.fingerprint(), *([secret] if secret else [])]
    answers = {ASKS_USERNAME: admin.encode, ASKS_PASSWORD: password.surrender}
    limit, passed_on = settings.update_timeout, settings.environment
    try:
        said = converse(settings.rsautil, update_arguments(admin), answers, limit, tick, password.forget, passed_on)
    finally:
        password.forget()
    found = weigh(said.after, settings.harmless)
    return Answer(
        judge(UPDATE, said, found),
        _kept(found.lines if said.sent else said.before, *secrets)[:_MOST_SHOWN],
        replace(said, before=_kept(said.before, *secrets), after=_kept(said.after, *secrets)),
        _kept(found.not_understood, *secrets)[:_MOST_SHOWN],
        tuple(found.listed),
    )


def _secret_in(lines: Iterable[str]) -> Fingerprint | None:
    """Recognise the secret in the documented line; None if no line holds one."""
    for line in lines:
        proof = _PROOF.fullmatch(line.rstrip())
        if proof and sum(bool(re.search(case, proof[1])) for case in ("[A-Z]", "[a-z]", "[0-9]")) >= 2:  # noqa: PLR2004
            return Fingerprint(proof[1].encode("utf-8", "surrogateescape"))
    return None


def _kept(lines: Iterable[str], *secrets: Fingerprint) -> tuple[str, ...]:
    """Give LINES without SECRETS, and without what no screen should be shown."""
    text = "\n".join(lines)
    for secret in secrets:
        text = secret.redact(text)
    # Bytes that are not UTF-8 are kept until here, because those of a secret need not be UTF-8 either.
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = _MASK.sub(r"\1\1\1", _LABEL.sub(r"\1 <not kept>", INVISIBLE.sub("\ufffd", text)))
    return tuple(line[:_LONGEST_KEPT] for line in text.split("\n")) if text else ()
