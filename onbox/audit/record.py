"""One audit record: its fields, its canonical text and its hash.

A record is written as one line of canonical JSON: keys sorted, no spaces, ASCII only.
Its hash is the SHA-256 of that text without the member `hash`, and `prev` is the hash of the record before it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Record = dict[str, Any]

SCHEMA = 1
# So that a record without evidence and transcript always fits into one syslog message.
MOST_CHARACTERS = {"note": 400, "ticket": 100}
GENESIS = "0" * 64

ATTEMPT, RESULT, REFUSED = "resync.attempt", "resync.result", "resync.refused"
VERIFIED, DENIED = "admin.verified", "admin.denied"
ABANDONED, RESOLVED, REPAIRED = "run.abandoned", "run.resolved", "journal.repaired"


@dataclass(frozen=True)
class Process:
    """The command that was run: ARGV without any secret, how it ended, and how long it took."""

    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    signal: int | None = None
    seconds: float | None = None

    def fields(self) -> dict[str, Any]:
        """Give the member `process`; seconds to the millisecond, whole ones without a fraction."""
        seconds = self.seconds
        if seconds is not None:
            seconds = round(seconds, 3)
            seconds = int(seconds) if seconds == int(seconds) else seconds
        return {**asdict(self), "argv": list(self.argv), "seconds": seconds}


def tidy(value: Any) -> Any:  # noqa: ANN401 - any JSON value, and the same kind comes back
    """Replace what UTF-8 can't hold, and NUL, which ends a text for some readers of JSON.

    So every reader sees the same text and computes the same hash.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")
    if isinstance(value, Mapping):
        return {tidy(key): tidy(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(inner) for inner in value]
    return value


# A record is a tree, so that nothing has to be checked for turning back on itself.
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, check_circular=False
).encode


def canonical(record: Mapping[str, Any]) -> str:
    """Give the one text that a record has."""
    return _encode(record)


def digest(record: Mapping[str, Any]) -> str:
    """Give the hash of a record, in hex; a member `hash` is left out of it."""
    rest = {key: value for key, value in record.items() if key != "hash"}
    return hashlib.sha256(canonical(rest).encode("ascii")).hexdigest()


def read(line: bytes) -> Record:
    """Read one LINE of a journal, without its newline, and see that it is as it was written.

    The hash is made of the line itself with the member `hash` cut out, which is what `digest` would make anew.
    Inside a JSON string every quote is escaped, so nothing else can look like that member.

    Raises:
        ValueError: when the line is not as it was written; the text says in what way.
    """
    try:
        text = line.decode("ascii")
        record: Record = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not a record in JSON") from None
    try:
        named = record["hash"]
    except (KeyError, TypeError):
        raise ValueError("it is not a record with a hash") from None
    start, _, end = text.partition(f'"hash":"{named}",')
    rest = start + end
    if hashlib.sha256(rest.encode("ascii")).hexdigest() != named:
        what = "its content does not match its hash" if _is_canonical(record, text) else "it is not in canonical form"
        raise ValueError(what)
    if '"hash":"' in rest or list(record) != sorted(record):
        raise ValueError("it is not in canonical form")
    if type(record.get("seq")) is not int:
        raise ValueError("it has no number")
    return record


def _is_canonical(record: Record, text: str) -> bool:
    try:
        return canonical(record) == text
    except (ValueError, RecursionError):
        return False
