"""Makes journals of any size, whole and chained, from one real record."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# A million records are 19 years.
APART = timedelta(minutes=10)
GAPS = ("hash", "prev", "run", "seq", "time")


def template(record: dict[str, Any]) -> list[str]:
    """Return the canonical text of *record*, cut where the values of GAPS stand, in this order."""
    marked = {**record, **{gap: f"<{gap}>" for gap in GAPS}}
    text = json.dumps(marked, sort_keys=True, separators=(",", ":"))
    pieces = []
    for gap in GAPS:
        piece, _, text = text.partition(f'"<{gap}>"')
        pieces.append(piece)
    return [*pieces, text]


def write(folder: Path, records: int, sample: list[dict[str, Any]]) -> None:
    """Write a journal of *records* records into *folder*: those of a *sample* run again and again."""
    templates = [template(record) for record in sample]
    time = datetime.now(UTC).replace(microsecond=0) - (records + 1) * APART
    last = "0" * 64
    with (folder / "audit.jsonl").open("w", encoding="ascii") as journal:
        for seq in range(1, records + 1):
            before_hash, after_hash, after_prev, after_run, after_seq, end = templates[
                (seq - 1 - records) % len(templates)
            ]
            time += APART
            run = f"{(seq - 1 - records) // len(templates) & 0xFFFFFFFF:08x}-0000-4000-8000-000000000000"
            when = f"{time:%Y-%m-%dT%H:%M:%S}.000000Z"
            rest = f'{after_prev}"{run}"{after_run}{seq}{after_seq}"{when}"{end}'
            # The hash is that of the record without its member "hash", which stands first of the gaps.
            start = before_hash.removesuffix('"hash":')
            after = after_hash.removeprefix(",")
            last_before = last
            last = hashlib.sha256(f'{start}{after}"{last_before}"{rest}'.encode("ascii")).hexdigest()
            journal.write(f'{before_hash}"{last}"{after_hash}"{last_before}"{rest}\n')
    (folder / "audit.jsonl").chmod(0o600)
