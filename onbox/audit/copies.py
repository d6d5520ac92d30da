"""The syslog copies of audit records, read out of a log in any format.

Copies are untrusted: any local account can send one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from onbox.audit.reader import object_in
from onbox.audit.record import GENESIS, Record, digest
from onbox.audit.syslog import COOKIE, SPARE

_COOKIE = COOKIE.decode()
_SIGNS = (" onbox[", _COOKIE, '"SYSLOG_IDENTIFIER"')
_HASH = re.compile("[0-9a-f]{64}")
_HIGHEST = 2**53  # beyond it, readers of JSON disagree about numbers


@dataclass(frozen=True)
class Copy:
    """A copy in the form that onbox gives it.

    LINE is where it stands; SEQ is 0 for a result that no journal could take.
    The hash of a copy that is WHOLE proves its content; another one has fields left out, or was garbled or forged.
    """

    line: int
    seq: int
    prev: str
    hash: str
    time: str
    run: str
    whole: bool
    record: Record

    def is_copy_of(self, record: Record, *besides: str) -> bool:
        """Tell whether RECORD has the same content, BESIDES these members and those left out."""
        ignored = {"hash", "omitted", *besides, *self.record.get("omitted", ())}
        names = (record.keys() | self.record.keys()) - ignored
        return all(record.get(name) == self.record.get(name) for name in names)


def text_in(record: Record, name: str) -> str:
    """Give the text that RECORD has as NAME, or "" if it has none there."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def copies_in(log: bytes) -> Iterator[Copy | None]:
    """Yield the copies in a LOG; None for one that onbox can't have sent so."""
    for number, line in enumerate(log.split(b"\n"), 1):
        text = line.decode("utf-8", "replace").strip()
        record = _record_in(text)
        if record is not None:
            yield _copy(number, record)
        elif "onbox" in text and any(sign in text for sign in _SIGNS):
            yield None


def _record_in(text: str) -> Record | None:
    """Give the record in a line: behind the cookie, alone, or as a text in an object of journald or a SIEM."""
    if not text.startswith("{"):
        text = text.partition(_COOKIE)[2].lstrip()
    found, _ = object_in(text)
    if found is None or _is_record(found):
        return found
    for value in found.values():
        inner, _ = object_in(_text(value).partition(_COOKIE)[2].lstrip())
        if inner is not None and _is_record(inner):
            return inner
    return None


def _is_record(found: Record) -> bool:
    return "event" in found and ("hash" in found or "seq" in found)


def _text(value: object) -> str:
    """Give a text, which `journalctl -o json` can also write as a list of its bytes."""
    if isinstance(value, list) and all(type(byte) is int and 0 <= byte <= 255 for byte in value):  # noqa: PLR2004
        return bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _copy(line: int, record: Record) -> Copy | None:
    """Give the copy in LINE, or None if onbox did not write its RECORD so."""
    seq, prev, named, host = record.get("seq"), record.get("prev"), record.get("hash"), record.get("host")
    if not _is_hash(named) or not isinstance(host, dict) or not isinstance(host.get("name"), str):
        return None
    if "omitted" in record and not _are_spare(record["omitted"]):
        return None
    if seq is None and prev is None:
        seq, prev = 0, ""
    elif type(seq) is not int or not 0 < seq < _HIGHEST or not _is_hash(prev) or (seq == 1) != (prev == GENESIS):
        return None
    whole = "omitted" not in record and digest(record) == named
    return Copy(line, seq, prev, named, text_in(record, "time"), text_in(record, "run"), whole, record)


def _is_hash(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(_HASH.fullmatch(value))


def _are_spare(omitted: object) -> bool:
    return isinstance(omitted, list) and bool(omitted) and all(name in tuple(SPARE) for name in omitted)
