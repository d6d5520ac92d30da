"""Measure everything, print the tables, and write docs/performance.md and the figures that the next run compares with.

    bench FOLDER OLD TEXT NEW

FOLDER is an empty one to work in, OLD has the figures to compare with, TEXT is the page as far as people write it,
and what is made of it goes to NEW.md and NEW.json.
"""

from __future__ import annotations

import json
import os
import string
import sys
import time
from pathlib import Path

import figures
import growth
from page import lost, not_reached, of_rows, table
from place import Place

SIZES = [10, 1_000, 100_000, 1_000_000]
# What rsautil prints: the variant of the rehearsal appliance, and the bytes it prints in place of the usual lines.
OUTPUTS = {
    "as documented": ("documented", 0),
    "100 KB in lines": ("much-output", 100_000),
    "1 MB in lines": ("much-output", 1_000_000),
    "100 MB in one line": ("long-line", 100_000_000),
}


def main(folder: Path, old: Path, text: Path, new: Path) -> int:
    """Measure, and return 1 when a limit that was kept is not kept any more."""
    before = json.loads(old.read_text() or "{}")
    place = Place(folder)
    say("the rehearsal appliance and the journals")
    place.make()
    for size in [*SIZES, 100]:
        place.fill(f"{size:,}", size)
    say("what does little but start")
    rows = figures.starting(place, 20)
    imports, libraries = growth.starting(15)
    say("whole runs")
    rows += figures.resynchronising(place, 40)
    steps = growth.steps(place, 10)
    say("long journals")
    reading, speeds = figures.reading(place)
    by_records = growth.journals(place, SIZES, 9)
    say("much output")
    remembering, by_output = figures.remembering(place, OUTPUTS)
    rows += [*remembering, *reading]

    print(of_rows(rows, before))
    page = string.Template(text.read_text()).substitute(
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        machine=growth.machine(),
        load=f"{os.getloadavg()[1]:.1f}",
        rows=of_rows(rows, before),
        not_reached=not_reached(rows),
        libraries=figures.milliseconds(libraries),
        imports=table(["import", "adds"], imports),
        steps=table(["step", "takes"], steps),
        by_records=table(["records", "`resync`", "`audit list --last 20`", "`audit verify`", "its memory"], by_records),
        speeds=table(["way", "records a second"], speeds),
        by_output=table(["rsautil prints", "`resync` takes", "memory"], by_output),
    )
    new.with_suffix(".md").write_text(page)
    new.with_suffix(".json").write_text(json.dumps({row.what: round(row.measured, 3) for row in rows}, indent=4) + "\n")
    for row in lost(rows, before):
        print(f"No longer reached: {row.what}")
    return 1 if lost(rows, before) else 0


def say(what: str) -> None:
    """Tell what is being measured, since it takes minutes."""
    print(f"measuring {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
