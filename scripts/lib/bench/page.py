"""The page that is written, and the comparison with the figures of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from figures import Row

Table = list[list[str]]
# Two measurements of one and the same program can differ by this much on a machine that does other things.
NOISE = 1.1


def table(head: list[str], rows: Table) -> str:
    """Return a table in Markdown, its columns aligned for those who read it as text."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "".join(
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)) + " |\n"
        for line in lines
    )


def amount(value: float, unit: str) -> str:
    """Return a measured *value* or a limit."""
    return f"{value:.2f} {unit}" if unit != "MB" else f"{value:.1f} {unit}"


def of_rows(rows: list[Row], before: dict[str, float]) -> str:
    """Return the rows with their limits, beside the figures measured *before*."""
    cells = []
    for row in rows:
        old = before.get(row.what)
        change = "" if old is None else amount(old, row.unit) + compared(row.measured, old)
        verdict = "yes" if row.reached else "no"
        cells.append(
            [row.what, amount(row.limit, row.unit), amount(row.measured, row.unit), verdict, change, row.detail]
        )
    return table(["what", "at most", "measured", "reached", "before", "from"], cells)


def compared(new: float, old: float) -> str:
    """Say whether *new* differs from *old* by more than noise."""
    if new > old * NOISE:
        return ", slower"
    return ", faster" if new * NOISE < old else ""


# Why a limit is out of reach, by the row's name.
REASONS = {
    "`onbox resync`": "the interpreter and the libraries that it is made with take several times as long to start "
    "as the whole `expect` script runs against a rsautil that does no work",
}


def not_reached(rows: list[Row]) -> str:
    """Return what must be said of the limits that are not kept."""
    missed = [f"- {row.what}: {REASONS.get(row.what, 'nobody has said why yet')}.\n" for row in rows if not row.reached]
    return "Not reached:\n\n" + "".join(missed) if missed else "All limits are kept.\n"


def lost(rows: list[Row], before: dict[str, float]) -> list[Row]:
    """Return the rows whose limit was kept *before* and is not any more."""
    return [row for row in rows if not row.reached and before.get(row.what, row.measured) <= row.limit]
