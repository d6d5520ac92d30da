"""The tables of tests/faults/README.md, made from the rows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from faults.rows import FAULTS

if TYPE_CHECKING:
    from faults.table import Fault

HEAD = "| what goes wrong | exit code | on record | rsautil is asked to | the person is told |\n|---|---|---|---|---|"


def row(name: str, fault: Fault) -> str:
    """Return the line of one fault."""
    end = fault.end
    told = " … ".join(words for words in fault.told if "{" not in words and '"' not in words)
    return f"| {name} | {end.code} | {listed(end.records)} | {listed(end.called)} | {told or '-'} |"


def listed(words: str) -> str:
    """Return *words* with commas between them; a word that comes several times is counted."""
    counted = [(word, len(list(same))) for word, same in groupby(words.split())]
    return ", ".join(f"{count} times {word}" if count > 1 else word for word, count in counted) or "-"


def tables() -> str:
    """Return a table for each group."""
    return "\n\n".join(
        "\n".join([f"## {group}\n", HEAD, *(row(name, fault) for name, fault in rows.items())])
        for group, rows in FAULTS.items()
    )
