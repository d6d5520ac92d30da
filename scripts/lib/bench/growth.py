"""Where the time goes in one run, and how it grows with the journal."""

from __future__ import annotations

import re
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from figures import milliseconds
from measure import ONBOX_PEAK, in_turns, python, run

if TYPE_CHECKING:
    from place import Place

_STEP = re.compile(rb'event=step name="?([\w ]+?)"? seconds=([\d.]+)')
# What a run imports, each with all that was imported before it.
_IMPORTS = {
    "the interpreter": "pass",
    "typer": "import typer",
    "structlog": "import typer, structlog",
    "sh": "import typer, structlog, sh",
    "onbox itself, and what else it uses": "import onbox.cli, structlog, sh, onbox.resync, onbox.console",
}


def starting(times: int) -> tuple[list[list[str]], float]:
    """Return what each import adds to the start of a run, and the seconds of all before onbox itself."""
    took = in_turns(times, {name: partial(run, python(code)) for name, code in _IMPORTS.items()})
    table = [
        [name, milliseconds(max(seconds - before, 0))]
        for (name, seconds), before in zip(took.items(), [0.0, *took.values()], strict=False)
    ]
    *_, libraries, together = took.values()
    return [*table, ["together", milliseconds(together)]], libraries


def steps(place: Place, times: int) -> list[list[str]]:
    """Return the least seconds of each step of a run, as `onbox --verbose` tells them, and of what they leave out."""
    seen: dict[str, list[float]] = {}
    for _ in range(times):
        started = time.perf_counter()
        screen = place.resync("10", "--verbose")
        rest = time.perf_counter() - started
        for name, seconds in _STEP.findall(screen):
            seen.setdefault(name.decode(), []).append(float(seconds))
            rest -= float(seconds)
        seen.setdefault("start and end of the process", []).append(rest)
    return [[name, milliseconds(min(each))] for name, each in seen.items()]


def journals(place: Place, sizes: list[int], times: int) -> list[list[str]]:
    """Return the seconds of a run, of `list` and of `verify`, and the memory of `verify`, by the number of records."""
    peak = {"PEAK": str(place.peak_file)}
    names = [f"{size:,}" for size in sizes]
    listing = {name: place.onbox(name, "audit", "list", "--last", "20") for name in names}
    runs = in_turns(times, {name: partial(place.resync, name) for name in names})
    lists = in_turns(times, {name: partial(run, listing[name]) for name in names})
    table = []
    for name in names:
        verify = partial(run, place.onbox(name, "audit", "verify", code=ONBOX_PEAK), environment=peak)
        took = [runs[name], lists[name], in_turns(1, {"verify": verify})["verify"]]
        table.append([name, *map(milliseconds, took), f"{place.peak():.1f} MB"])
    return table


def machine() -> str:
    """Say what was measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - of the kernel
        model = re.search(r"model name\s*: (.+)", file.read())
    return f"{model[1] if model else 'unknown processor'}, Python {sys.version.partition(' ')[0]}"
