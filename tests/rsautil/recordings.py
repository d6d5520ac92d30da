"""The recordings in tests/transcripts, the lines in lines.txt, and what onbox makes of lines that stand in one."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.engine.recording import Recording, load
from appliance.make import TRANSCRIPTS

from onbox.errors import MESSAGES, Code
from onbox.rsautil.dialogue import Ending, Transcript
from onbox.rsautil.evidence import KEY, weigh
from onbox.rsautil.verdict import UPDATE, judge

RECORDINGS: dict[str, Recording] = {path.stem: load(str(path)) for path in sorted(Path(TRANSCRIPTS).glob("*.txt"))}


def text(name: str) -> str:
    """Return the text of the file *name* beside this one, with the name of the marker time."""
    return Path(__file__).with_name(name).read_text("utf-8").replace("{key}", KEY)


def _lines() -> dict[str, list[str]]:
    """Return the lines of lines.txt by the kind that stands above them."""
    kinds: dict[str, list[str]] = {}
    for line in text("lines.txt").splitlines():
        if heading := re.fullmatch(r"\[([a-z]+)\]", line):
            kinds[heading[1]] = []
        elif line and not line.startswith("# "):
            list(kinds.values())[-1].append(line)
    return kinds


LINES = _lines()


def transcript(recording: Recording) -> Transcript:
    """Return what a dialogue would have kept of a recording."""
    kind, _, number = recording.status.rpartition(" ")
    ending: Ending = "timeout" if recording.status == "stopped" else "exited"
    return Transcript(
        ending,
        tuple(recording.before),
        tuple(line.expandtabs() for line in recording.after),
        sent=recording.asks,
        exit_code=int(number) if ending == "exited" and kind != "signal" else None,
        signal=int(number) if kind == "signal" else None,
    )


def verdict(lines: list[str], exit_code: int = 0, harmless: tuple[str, ...] = ()) -> Code:
    """Return the code of the verdict on an update that printed *lines* behind the password."""
    said = Transcript("exited", after=tuple(lines), sent=True, exit_code=exit_code)
    return judge(UPDATE, said, weigh(said.after, harmless))


def outcome(code: Code) -> str:
    """Return the outcome that *code* stands for."""
    return MESSAGES[code][0].outcome
