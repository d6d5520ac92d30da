"""A line proves something only if its whole form is known."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import LINES, RECORDINGS, text, verdict

from onbox.rsautil.evidence import FORMS, KEY, speaks_of_change, weigh

AT = "psql.bin:/tmp/819c55ab-0e79-49cb-a420-5f4b4d9094ae3515872605838824841.sql:108: "
BLOCKS = re.findall(r"^\[.+\n(?:[|!].*\n)+", text("blocks.txt"), re.MULTILINE)
NOTICE, ERROR = f'{AT}NOTICE:  Set "{KEY}" to "0"', f"{AT}ERROR:  no"
TABLE = [" update_config", "---------------", "", "(1 row)"]


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind in LINES for line in LINES[kind]])
def test_line(kind: str, line: str) -> None:
    """A line proves what its whole form says; one of no known form is not understood, beside a success too."""
    evidence = weigh([line])

    assert (kind == "value") == evidence.value
    assert (kind if kind not in ("value", "none", "never") else None) == evidence.error
    assert ([line] if kind in ("none", "never") else []) == evidence.not_understood
    assert (kind in ("none", "never")) == (verdict([line, *TABLE]) == "update-not-understood")


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block: str) -> None:
    """A line can depend on those before it, and each block of lines has its verdict."""
    code, *marked = block.splitlines()
    lines = [line[1:] for line in marked]

    assert code == f"[{verdict(lines)}]"
    assert sorted(line[1:] for line in marked if line.startswith("!")) == sorted(weigh(lines).not_understood)


@pytest.mark.parametrize(
    ("line", "entry", "listed"),
    [
        ("  Terminating JVM. ", "Terminating JVM.", True),
        ("Terminating JVM.", "Terminating", False),
        ("Deleting temporary file /tmp/x.sql", "Deleting * file *.sql", True),
        ("Deleting temporary file /tmp/x.sql", "Deleting * * *.txt", False),
        ("com.rsa.ims.Tool started", "com.rsa.ims.Tool started", True),
        (" add_config", "add_config", True),
        *((line, line, False) for line in LINES["never"]),
        *((line, line, True) for line in LINES["none"]),
    ],
)
def test_listed(line: str, entry: str, listed: bool) -> None:
    """A site's entry takes a whole line, and never one in which psql or a key speaks."""
    evidence = weigh([line, *TABLE, line], (entry, "never"))

    assert ([entry] if listed else []) == evidence.listed
    assert ([] if listed else [line.rstrip()] * 2) == evidence.not_understood


def test_listed_is_no_row() -> None:
    """Inside the result no entry of a site counts, and none changes what the table says."""
    assert "update-not-understood" == verdict([*TABLE[:2], " x", *TABLE[2:]], harmless=("x",))
    assert "update-contradiction" == verdict([ERROR, *TABLE], harmless=("psql*", "E*"))


def test_speaks_of_change() -> None:
    """A value, a part of the result or a tag shows that psql ran; other text does not."""
    for line in (NOTICE, " update_config", "(1 row)", "COMMIT", "UPDATE 1", "CREATE FUNCTION", "INSERT 0 1"):
        assert speaks_of_change(["x", line])
    assert not speaks_of_change(["", "USAGE", "----", ERROR, "SET AM_HOME"])


def test_chatter() -> None:
    """Chatter is recognised by its whole sentence; one word more is not understood."""
    lines = [line for each in RECORDINGS.values() for line in each.after if weigh([line.expandtabs()]).lines == []]
    silent = [line for line in lines if weigh([line]).not_understood == [] and line.strip(" t")]

    assert 25 < len(set(silent))
    assert [] == [line for line in silent if not weigh(["# " + line]).not_understood]


# Lines on which careless patterns backtrack.
PIECES = (
    f'NOTICE:  ~{KEY}~auth_manager~.a~to ~=~"~0~ ~psql~psql:~:1: ~the ~value ~Updated ~from ~FATAL:  ~failed: '
    "~CONTEXT:  SQL function ~ line 1 at ~log4j:WARN ~[~("
).split("~")


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(PIECES), st.sampled_from(PIECES))
def test_no_line_takes_long(repeated: list[str], before: str, after: str) -> None:
    """The longest line is judged in a fraction of a second."""
    line = (before + "".join(repeated) * 4000)[: 4000 - len(after)] + after
    started = time.thread_time()

    weigh([line, line], ("a*b*c*d", "*x*x*x*y"))

    assert time.thread_time() - started < 0.5


def test_line_too_long() -> None:
    """A line that is longer than any form is not understood."""
    assert 1 == len(weigh(["Picked up JAVA_TOOL_OPTIONS: " + "x" * 4000]).not_understood)


def test_forms() -> None:
    """The table is short enough to be read."""
    assert len(FORMS) < 30
