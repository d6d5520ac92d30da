"""The tip of a chain: its last record, noted in a file beside the journal so that a cut-off tail shows."""

import json
import os
import re
from dataclasses import asdict, dataclass

from onbox.audit.record import GENESIS, Record

FILE = "tip.json"
_MOST_BYTES = 4096
_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Tip:
    """The last record of a chain: its number and its hash."""

    seq: int = 0
    hash: str = GENESIS

    @classmethod
    def of(cls, record: Record) -> "Tip":
        """Give the tip of a chain that ends with RECORD."""
        return cls(record["seq"], record["hash"])

    def text(self) -> bytes:
        """Give what stands in the file."""
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"


def read(descriptor: int) -> Tip:
    """Read the open file DESCRIPTOR.

    Raises:
        ValueError: when it holds anything but what `Tip.text` gives.
        OSError: when it can't be read.
    """
    content = os.read(descriptor, _MOST_BYTES)
    try:
        tip = Tip(**json.loads(content))
        whole = type(tip.seq) is int and tip.seq >= 0 and bool(_HASH.fullmatch(tip.hash)) and tip.text() == content
    except (ValueError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise ValueError("it is not what onbox writes")
    return tip
