"""All rows, by groups, and their tables in tests/faults/README.md."""

from __future__ import annotations

from itertools import groupby

from faults.rows_disk import DISK
from faults.rows_person import PERSON
from faults.rows_rsautil import RSAUTIL
from faults.rows_secrets import SECRETS
from faults.rows_strangers import STRANGERS

FAULTS = {
    "rsautil": RSAUTIL,
    "The person and the machine": PERSON,
    "The disk": DISK,
    "Strangers": STRANGERS,
    "Secrets": SECRETS,
}
HEAD = "| what goes wrong | exit code | on record | rsautil is asked to | the person is told |\n|---|---|---|---|---|"


def tables() -> str:
    """Return a table for each group, with a line for each fault."""
    lines = []
    for group, rows in FAULTS.items():
        lines += [f"## {group}\n", HEAD]
        for name, fault in rows.items():
            told = " … ".join(words for words in fault.told if "{" not in words and '"' not in words)
            end = fault.end
            lines.append(f"| {name} | {end.code} | {listed(end.records)} | {listed(end.called)} | {told or '-'} |")
        lines.append("")
    return "\n".join(lines[:-1])


def listed(words: str) -> str:
    """Return *words* with commas between them; a word that comes several times is counted."""
    counted = [(word, len(list(same))) for word, same in groupby(words.split())]
    return ", ".join(f"{count} times {word}" if count > 1 else word for word, count in counted) or "-"
