"""One audit record: its fields, its canonical text and its hash.

A record is written as one line of canonical JSON: keys sorted, no spaces, ASCII only.
Its hash is the SHA-256 of that text without the member `hash`, and `prev` is the hash of the record before it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = 1
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
    """Replace what UTF-8 can't hold, so that every reader sees the same text and computes the same hash."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
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
