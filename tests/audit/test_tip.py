"""The tip of a chain, noted beside the journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from onbox.audit import tip as tips
from onbox.audit.tip import Tip

if TYPE_CHECKING:
    from pathlib import Path

HASH = "a" * 64


def read(path: Path, content: bytes) -> Tip:
    """Return the tip that a file with *content* holds."""
    path.write_bytes(content)
    with path.open("rb") as stream:
        return tips.read(stream.fileno())


def test_tip_of_a_record_is_noted(tmp_path: Path) -> None:
    """A tip is read as it was written: the number and the hash of the last record."""
    tip = Tip.of({"seq": 7, "hash": HASH, "note": None})

    assert {"seq": 7, "hash": HASH} == json.loads(tip.text())
    assert tip == read(tmp_path / "tip", tip.text())


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"[" * 4000, b"{}", b'{"seq": 7}', Tip(7, HASH).text()[:-1], Tip(7, HASH).text() + b" "),
        *(Tip(seq, HASH).text() for seq in ("7", 7.0, True, None, [7], float("nan"), -1)),  # type: ignore[arg-type]
        *(Tip(7, digest).text() for digest in (None, 7, "", "a" * 63, "A" * 64)),  # type: ignore[arg-type]
    ],
)
def test_anything_else_is_refused(content: bytes, tmp_path: Path) -> None:
    """What onbox does not write is no tip."""
    with pytest.raises(ValueError, match="it is not what onbox writes"):
        read(tmp_path / "tip", content)
