"""The tables of tests/faults/README.md, made from the rows; scripts/pages renews them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rehearsal import CHECKOUT

from faults.rows import FAULTS

if TYPE_CHECKING:
    from faults.table import Fault

PAGE = CHECKOUT / "tests" / "faults" / "README.md"
BEGIN, END = "<!-- scripts/pages makes this part -->\n", "<!-- its end -->"
HEAD = "| what goes wrong | exit code | on record | rsautil is asked to | the person is told |\n|---|---|---|---|---|\n"


def row(name: str, fault: Fault) -> str:
    """Return the line of one fault."""
    end = fault.end
    told = " … ".join(words for words in fault.told if "{" not in words and '"' not in words)
    return f"| {name} | {end.code} | {listed(end.records)} | {listed(end.called)} | {told or '-'} |\n"


def listed(words: str) -> str:
    """Return *words* with commas between them; a word that comes several times is counted."""
    counted = [(word, len(list(same))) for word, same in groupby(words.split())]
    return ", ".join(f"{count} times {word}" if count > 1 else word for word, count in counted) or "-"


def tables() -> str:
    """Return a table for each group."""
    return "\n".join(
        f"## {group}\n\n{HEAD}{''.join(row(name, fault) for name, fault in rows.items())}"
        for group, rows in FAULTS.items()
    )


def made(page: str) -> str:
    """Return *page* with the tables of today."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text()))
