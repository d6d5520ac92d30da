"""Each recording gets its verdict, and no verdict survives what it must not survive."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from appliance.engine.recording import load
from hypothesis import given
from hypothesis import strategies as st
from recordings import LINES, RECORDINGS, outcome, transcript, verdict
from rehearsal import CHECKOUT

from onbox import __version__
from onbox.errors import MESSAGES, message
from onbox.rsautil.commands import _secret_in
from onbox.rsautil.evidence import weigh
from onbox.rsautil.verdict import LOGIN, UPDATE, judge

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal import Onbox

UPDATES = {name: each for name, each in RECORDINGS.items() if each.code.startswith("update-")}
PROOFS = [name for name, each in UPDATES.items() if each.outcome != "unknown" and each.asks]
# Known lines too, in a place that makes them worthless.
STRANGE = [
    *LINES["none"],
    *LINES["never"],
    "----",
    " update_config",
    "BEGIN",
    "Please enter OC Administrator password:",
]


@pytest.mark.parametrize("name", UPDATES)
def test_update(name: str) -> None:
    """An answer to the update means what the head of its recording says."""
    recording = UPDATES[name]
    said = transcript(recording)

    found = judge(UPDATE, said, weigh(said.after))

    assert (recording.code, recording.outcome) == (found, outcome(found))


@pytest.mark.parametrize("name", [name for name in RECORDINGS if name not in UPDATES])
def test_login(name: str) -> None:
    """An answer to the login check means what the head of its recording says."""
    recording = RECORDINGS[name]
    said = transcript(recording)
    evidence = weigh(said.after)
    evidence.value = _secret_in(said.after) is not None

    found = judge(LOGIN, said, evidence)

    assert (recording.code, recording.outcome) == (found, outcome(found))


def test_heads() -> None:
    """Each recording says where it is from, and its outcome is that of its code."""
    sources = re.compile(r"(documented|concluded|assumption|recorded)\b.*")

    assert [] == [name for name, each in RECORDINGS.items() if not sources.fullmatch(each.source)]
    facts = {"run": "", "admin": "", "detail": "", "folder": "", "signal": "", "timeout": 0.0}
    for name, each in RECORDINGS.items():
        assert each.code in MESSAGES, name
        assert message(each.code, **facts).exit_code.outcome == each.outcome, name


@pytest.mark.parametrize("name", PROOFS)
def test_strange_line(name: str) -> None:
    """One line that is not understood makes every outcome unknown, wherever it stands."""
    lines = UPDATES[name].after
    for number, line in enumerate(STRANGE):
        belongs = name.startswith("database") and not weigh(["psql: timeout expired", line]).not_understood
        for place in {0, number % len(lines), len(lines)}:
            found = verdict([*lines[:place], line, *lines[place:]], int(UPDATES[name].status))
            assert "unknown" == outcome(found) or belongs, (line, place, found)


# Without blank lines and NOTICEs: the first can be the row of the result, and what follows a CONTEXT belongs to it.
HARMLESS = sorted(
    line
    for line in {line for name in PROOFS for line in UPDATES[name].after if line.strip() and "NOTICE:" not in line}
    if not weigh([line]).not_understood and not weigh([line]).lines and line not in ("COMMIT", " t")
)


@given(st.data())
def test_harmless_company(data: st.DataObject) -> None:
    """Lines that say nothing change no success, at any place and in any number."""
    name = data.draw(st.sampled_from([name for name in PROOFS if UPDATES[name].outcome == "success"]))
    lines = list(UPDATES[name].after)
    for line in data.draw(st.lists(st.sampled_from(HARMLESS), max_size=12)):
        lines.insert(data.draw(st.integers(0, len(lines))), line)

    assert UPDATES[name].code == verdict(lines)


def test_add_transcript(onbox: Onbox, tmp_path: Path) -> None:
    """The output of an appliance becomes a recording that gets the same verdict as the run."""
    onbox.machine.behave(update="confirmed-logging")
    onbox("resync")
    (run,) = {record["run"] for record in onbox.machine.journal()}
    shown = onbox.without_terminal("audit", "show", run, "--json").screen
    (tmp_path / "tests" / "transcripts").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(CHECKOUT / "scripts" / "add-transcript", tmp_path / "scripts")

    command = [sys.executable, script, "-", "sent"]
    made = subprocess.run(command, input=shown, capture_output=True, text=True, check=True)

    recording = load(made.stdout.strip())
    assert f"recorded by onbox {__version__}" == recording.source
    assert ("0", "success", "update-confirmed") == (recording.status, recording.outcome, recording.code)
    assert [line for line in RECORDINGS["confirmed-logging"].after if line] == [
        line for line in recording.after if line
    ]
    assert recording.code == judge(UPDATE, transcript(recording), weigh(recording.after))
