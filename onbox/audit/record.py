"""One audit record: its fields, its canonical text and its hash.

A record is written as one line of canonical JSON: keys sorted, no spaces, ASCII only.
Its hash is the SHA-256 of that text without the member `hash`, and `prev` is the hash of the record before it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, cast

SCHEMA = 1
# So that a record without evidence and transcript always fits into one syslog message.
MOST_CHARACTERS = {"note": 400, "ticket": 100}
GENESIS = "0" * 64

# A record as it was read from a file: any JSON object, for somebody else may have written it.
Record = dict[str, Any]

ATTEMPT, RESULT, REFUSED = "resync.attempt", "resync.result", "resync.refused"
VERIFIED, DENIED = "admin.verified", "admin.denied"
ABANDONED, RESOLVED, REPAIRED = "run.abandoned", "run.resolved", "journal.repaired"


class Fields(TypedDict):
    """An audit record as onbox writes it: each one has every field, and what is not known is None, "" or []."""

    schema: int  # version of this table
    seq: int | None  # 1, 2, 3 and so on; None if no journal could take the record
    prev: str | None  # hash of the record before it; 64 zeros in the first one
    hash: str  # SHA-256 of this record without this field
    time: str  # UTC with microseconds
    run: str  # UUID, the same in all records of a run
    event: str  # what was recorded, one of the events above
    outcome: str  # success, failure, unknown or refused
    code: str  # the stable name of what happened; errors.py has its words
    message: str  # the words
    actor: dict[str, Any]  # the administrator, once rsautil was asked with this name, and the account
    host: dict[str, Any]  # the machine
    change: dict[str, str] | None  # the update, as it is asked of rsautil; None before the attempt
    process: dict[str, Any]  # the command of rsautil, how it ended, and how long it took
    reason: str | None
    ticket: str | None
    note: str | None
    allowed: list[str]  # exceptions that the settings made and this run used
    evidence: list[str]  # lines of rsautil that decided, without secrets
    transcript: list[str]  # all lines that were kept, without secrets
    warnings: list[str]  # what did not stop the run, such as a syslog copy that was not sent
    onbox: dict[str, Any]  # the version, and the hash of the settings file


def process(
    argv: Sequence[str] = (), exit_code: int | None = None, signal: int | None = None, seconds: float | None = None
) -> dict[str, Any]:
    """Describe a command that ran for SECONDS: to the millisecond, whole ones without a fraction, as jq writes them."""
    if seconds is not None:
        seconds = round(seconds, 3)
        seconds = int(seconds) if seconds.is_integer() else seconds
    return {"argv": list(argv), "exit_code": exit_code, "signal": signal, "seconds": seconds}


# The values of a record until it is told more.
_UNKNOWN: dict[str, Any] = {
    "schema": SCHEMA,
    "message": "",
    "process": process(),
    **dict.fromkeys(("change", "reason", "ticket", "note")),
    **dict.fromkeys(("allowed", "evidence", "transcript", "warnings"), ()),
}


def sealed(fields: Mapping[str, Any], *, seq: int | None, prev: str | None) -> Fields:
    """Give the record of FIELDS, the unknown ones included, with its place in the chain and its hash."""
    record = tidy({**_UNKNOWN, **fields, "seq": seq, "prev": prev})
    return cast("Fields", {**record, "hash": digest(record)})


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


def canonical(record: Mapping[str, Any]) -> str:
    """Give the one text that a record has."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(record: Mapping[str, Any]) -> str:
    """Give the hash of a record, in hex; a member `hash` is left out of it."""
    rest = {key: value for key, value in record.items() if key != "hash"}
    return hashlib.sha256(canonical(rest).encode("ascii")).hexdigest()


def read(line: bytes) -> Record:
    """Read one LINE of a journal, without its newline, and see that it is as it was written.

    Raises:
        ValueError: if it is not; the text says in what way.
    """
    try:
        record: Record = json.loads(line)
        is_canonical = canonical(record).encode("ascii") == line
    except (ValueError, RecursionError):
        raise ValueError("it is not a record in JSON") from None
    if not is_canonical:
        raise ValueError("it is not in canonical form")
    if not isinstance(record, dict) or type(record.get("seq")) is not int:
        raise ValueError("it is not a record with a number")
    if digest(record) != record.get("hash"):
        raise ValueError("its content does not match its hash")
    return record


def member(record: Record, path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Give the member of RECORD at PATH (`actor.admin`), or None if there is none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def time_of(record: Record) -> datetime:
    """Give the time of a RECORD in UTC; the beginning of time if it has none."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def shown(time: datetime) -> str:
    """Give TIME as people read it, in the one time zone of the records."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def admin_of(record: Record) -> str:
    """Give the name of the Operations Console administrator in a RECORD; "" if it has none."""
    return str(member(record, "actor.admin") or "")
