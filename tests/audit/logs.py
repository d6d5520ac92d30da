"""Chains of records, and logs with their syslog copies, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from onbox.audit.record import GENESIS, canonical, sealed
from onbox.audit.syslog import message

if TYPE_CHECKING:
    from onbox.audit.record import Record

NAMES = ["am1", "0123"]


def chain(label: str, count: int, *, hour: int = 0, after: list[Record] | None = None, **fields: Any) -> list[Record]:
    """Return the records in *after* and *count* more of *hour*; each is a run of its own, which *label* names."""
    records = list(after or [])
    for number in range(len(records) + 1, len(records) + count + 1):
        record = {
            "event": "resync.result",
            "outcome": "success",
            "run": f"{label}-{number}",
            "time": f"2026-11-24T{hour:02}:{number:02}:00.000000Z",
            "host": {"name": NAMES[0], "machine_id": NAMES[1]},
            "message": "\u00e9 @cee: {",
            "process": {"seconds": 0.125},
            **fields,
        }
        append(records, record)
    return records


def append(records: list[Record], fields: Record) -> None:
    """Add the record of *fields* to the chain of *records*."""
    records.append(dict(sealed(fields, seq=len(records) + 1, prev=records[-1]["hash"] if records else GENESIS)))


def rechained(records: list[Record], at: int, **fields: Any) -> list[Record]:
    """Return *records* in which the one with the index *at* has other *fields*, and all hashes from it on are new."""
    changed = records[:at]
    for record in [records[at] | fields, *records[at + 1 :]]:
        append(changed, record)
    return changed


def lines(records: list[Record]) -> bytes:
    """Return the journal with these *records*."""
    return b"".join(canonical(record).encode() + b"\n" for record in records)


def copied(record: Record) -> str:
    """Return the JSON text in the syslog copy of *record*, without what does not fit."""
    return message(record).partition(b"@cee: ")[2].decode()


def plain(record: Record) -> bytes:
    """Return the copy of *record* as rsyslog writes it by default."""
    return f"2026-11-24T12:00:00.000000+00:00 am1 onbox[7]: @cee: {copied(record)}\n".encode()


def rfc3164(record: Record) -> bytes:
    """Return the copy of *record* in the old form of syslog."""
    return f"Nov 24 12:00:00 am1 onbox[7]: @cee: {copied(record)}\n".encode()


def rfc5424(record: Record) -> bytes:
    """Return the copy of *record* in the form of RFC 5424."""
    return f"<85>1 2026-11-24T12:00:00Z am1 onbox 7 - - @cee: {copied(record)}\n".encode()


def parsed(record: Record) -> bytes:
    """Return the copy of *record* as mmjsonparse makes it: in another order, and with other escapes."""
    fields = dict(reversed(json.loads(copied(record)).items()))
    return json.dumps(fields, ensure_ascii=False).replace("/", "\\/").encode() + b"\n"


def journald(record: Record) -> bytes:
    """Return the copy of *record* as `journalctl -o json` writes it."""
    fields = {"_PID": "7", "SYSLOG_IDENTIFIER": "onbox", "MESSAGE": f"@cee: {copied(record)}"}
    return json.dumps(fields).encode() + b"\n"


FORMS = [plain, rfc3164, rfc5424, parsed, journald]
