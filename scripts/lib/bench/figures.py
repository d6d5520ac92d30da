"""The rows of the table, each measured against its yardstick."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measure import ONBOX_PEAK, in_turns, python, run
from yardsticks import LOOP, PARSE, TYPER_MAIN

if TYPE_CHECKING:
    from place import Place

MILLION = "1,000,000"


@dataclass(frozen=True)
class Row:
    """One line of the table: *measured* must not be above *limit*, both in *unit*; *detail* says what it comes from."""

    what: str
    measured: float
    limit: float
    unit: str
    detail: str

    @property
    def reached(self) -> bool:
        """Tell whether the limit holds."""
        return self.measured <= self.limit


def milliseconds(seconds: float) -> str:
    """Return *seconds* for people."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def ratio(what: str, limit: float, mine: float, other: float, yardstick: str) -> Row:
    """Return a row that compares seconds with those of a *yardstick*."""
    return Row(what, mine / other, limit, "x", f"{milliseconds(mine)}, {yardstick} {milliseconds(other)}")


def starting(place: Place, times: int) -> list[Row]:
    """Measure the commands that do little but start."""
    typer = {"PYTHONPATH": str(place.folder)}
    tasks = {
        "typer --version": lambda: run(python(TYPER_MAIN, "--version"), environment=typer),
        "typer --help": lambda: run(python(TYPER_MAIN, "--help"), environment=typer),
        "--version": lambda: run(place.onbox("sample", "--version")),
        "--help": lambda: run(place.onbox("sample", "--help")),
        "resync --help": lambda: run(place.onbox("sample", "resync", "--help")),
        "check": lambda: run(place.onbox("sample", "check")),
    }
    took = in_turns(times, tasks)
    version, text = took["typer --version"], took["typer --help"]
    return [
        ratio("`onbox --version`", 1.15, took["--version"], version, "two-command Typer program"),
        ratio("`onbox --help`", 1.15, took["--help"], text, "two-command Typer program"),
        ratio("`onbox resync --help`", 1.15, took["resync --help"], text, "two-command Typer program"),
        ratio("`onbox check`", 2, took["check"], took["--version"], "`onbox --version`"),
    ]


def resynchronising(place: Place, times: int) -> list[Row]:
    """Measure whole runs, the calls of rsautil in them, and what a long journal adds."""
    tasks = {
        "bare": place.bare_calls,
        "expect": place.expect,
        "few": lambda: place.resync("10"),
        "many": lambda: place.resync(MILLION),
    }
    took = in_turns(times, tasks)
    beyond = took["few"] - took["bare"]
    detail = f"{milliseconds(took['few'])}, its two calls {milliseconds(took['bare'])}"
    return [
        Row("`onbox resync` beyond its two rsautil calls", beyond, 0.35, "s", detail),
        ratio("`onbox resync`", 1.5, took["few"], took["expect"], "`expect` script"),
        ratio("the same with 1,000,000 records", 1.05, took["many"], took["few"], "with 10 records"),
    ]


def remembering(place: Place, outputs: dict[str, tuple[str, int]]) -> tuple[list[Row], list[list[str]]]:
    """Measure the seconds and the memory of a run by what rsautil prints: the rows, and a table of all *outputs*."""
    table, peaks = [], []
    for name, (variant, size) in outputs.items():
        place.behave(update=variant, size=size)
        seconds, peak = _peak(place, expected=6 if size else 0)
        peaks.append(peak)
        table.append([name, milliseconds(seconds), f"{peak:.1f} MB"])
    place.behave(update="documented", size=0)
    rows = [
        Row("peak memory of `resync`", peaks[0], 45, "MB", "of the process itself"),
        Row("the same with 100 MB of output", peaks[-1], 60, "MB", "of the process itself"),
    ]
    return rows, table


def _peak(place: Place, expected: int) -> tuple[float, float]:
    """Return the seconds of a run, and the most memory that onbox itself held in it, in MB."""
    started = time.perf_counter()
    place.resync("10", code=ONBOX_PEAK, expected=expected, environment={"PEAK": str(place.peak_file)})
    return time.perf_counter() - started, place.peak()


def reading(place: Place) -> tuple[list[Row], list[list[str]]]:
    """Measure what reads a long journal: the rows, and a table of records a second."""
    file = str(place.audit(MILLION) / "audit.jsonl")
    verify = place.onbox(MILLION, "audit", "verify")
    tasks = {
        "loop": lambda: run(python(LOOP, file)),
        "sha256sum": lambda: run(["sha256sum", file]),
        "json.loads": lambda: run(python(PARSE, file)),
        "verify": lambda: run(verify),
    }
    took = in_turns(2, tasks)
    lists = {
        "few": lambda: run(place.onbox("100", "audit", "list", "--last", "20")),
        "many": lambda: run(place.onbox(MILLION, "audit", "list", "--last", "20")),
    }
    listed = in_turns(7, lists)
    rows = [
        ratio(
            "`audit verify` of 1,000,000 records", 2.5, took["verify"], took["loop"], "loop of json.loads and sha256"
        ),
        ratio("`audit list --last 20` of 1,000,000 records", 1.5, listed["many"], listed["few"], "with 100 records"),
    ]
    ways = {
        "`onbox audit verify`": took["verify"],
        "a loop of json.loads and sha256": took["loop"],
        "`sha256sum` and a loop of json.loads": took["sha256sum"] + took["json.loads"],
    }
    return rows, [[way, f"{1_000_000 / seconds:,.0f}"] for way, seconds in ways.items()]
