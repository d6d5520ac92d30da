"""Rules for any input, which hypothesis tries in every test run, and atheris in scripts/fuzz."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from appliance.engine.recording import load
from appliance.make import TRANSCRIPTS

from onbox.audit.journal import Journal
from onbox.errors import MESSAGES, OnboxError
from onbox.rsautil.dialogue import Dialogue, Transcript
from onbox.rsautil.evidence import FORMS, KEY, weigh
from onbox.rsautil.verdict import ASKS_PASSWORD, ASKS_USERNAME, UPDATE, judge
from onbox.settings import parse

# Lines of no known form, beside any others.
BAD_WORDS = ("fatal", "exception", "denied", "not saved", "rolled back", "update 0")


def hear(data: bytes, size: int) -> tuple[Dialogue, list[str]]:
    """Have a dialogue take *data* in pieces, with time for a question after each `?`, and return what it asks."""
    dialogue, typed, now = Dialogue((ASKS_USERNAME, ASKS_PASSWORD)), [], 0.0
    for part in data.split(b"?"):
        for start in range(0, len(part), size):
            dialogue.line.feed(part[start : start + size])
            dialogue.question(now)
        now += 1
        if question := dialogue.question(now):
            typed.append(question.prompt)
            dialogue.answer(question, b"Sentinel-1!")
    dialogue.end()
    return dialogue, typed


def transcript(data: bytes) -> None:
    """Success and failure need every line to be known, and no line that names our key is ever harmless."""
    exit_code, lines = data[0] if data else 0, data[1:].decode("latin-1").split("\n")
    said = Transcript("exited", after=tuple(lines), sent=True, exit_code=exit_code)
    evidence = weigh(said.after, ("Harmless *", "N*"))
    outcome = MESSAGES[judge(UPDATE, said, evidence)][0].outcome
    shown = [line.strip().lower() for line in lines]
    if outcome == "success":
        assert exit_code == 0
        assert "(1 row)" in shown[shown.index("update_config") :]
        assert not [line for line in shown if line.startswith(BAD_WORDS)]
    if outcome == "failure":
        assert "(1 row)" not in shown
        assert not [line for line in shown if line.startswith(BAD_WORDS[1:])]
    for line in lines:
        known = any(form.looks.fullmatch(line.rstrip()) for form in FORMS)
        alone = weigh([line], ("Harmless *", "N*", "a*"))
        assert outcome == "unknown" or known or alone.listed
        assert KEY not in line.lower() or alone.value or alone.error or alone.not_understood


def prompts(data: bytes) -> None:
    """Each prompt is answered once at most and only where it was asked, however the output is cut into pieces."""
    dialogue, typed = hear(data[1:], 1 + (data[0] if data else 0))
    whole, typed_at_once = hear(data[1:], 60_000)
    assert (dialogue.before, dialogue.after, typed) == (whole.before, whole.after, typed_at_once)
    assert len(set(typed)) == len(typed)
    assert dialogue.sent == (ASKS_PASSWORD in typed)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(dialogue.before + dialogue.after))
    assert len(dialogue.before) <= 100
    assert len(dialogue.after) <= 400


def settings(data: bytes) -> None:
    """A settings file is taken or refused in words, with any content."""
    with suppress(OnboxError):
        found = parse(data, "any.toml")
        assert found.rsautil.is_absolute()
        assert 0 < found.administrator_timeout <= 86400


def journal(data: bytes) -> None:
    """A journal is read from its end or refused in words, with any content, and reading changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "audit.jsonl")
        file.touch(0o600)
        file.write_bytes(data)
        with closing(Journal(Path(folder), os.getuid())) as subject:
            for record in subject.records_from_end():
                assert isinstance(record, dict)
            with suppress(OnboxError), subject.chain() as (head, _):
                assert head.seq >= 0
        assert data == file.read_bytes()


RULES = {rule.__name__: rule for rule in (transcript, prompts, settings, journal)}

# The first input of atheris for each rule.
PLAYED = ("confirmed-context", "confirmed-logging", "confirmed-transaction", "missing-error", "database-down")
SEEDS = {
    "transcript": [
        bytes([int(each.status)]) + "\n".join(each.after).encode()
        for each in (load(f"{TRANSCRIPTS}/{name}.txt") for name in PLAYED)
    ],
    "prompts": [
        b"\3Please enter OC Administrator username: ?\nPlease enter OC Administrator password: ?\x1b[31m\n" * 2,
        b"\1x\rPlease enter OC Administrator password: \b\x1b[K ?\x1b[A***\r\n\tx\x1b]0;t\7",
    ],
    "settings": [
        b"""[appliance]
home = "/opt/rsa/am"
[timeouts]
administrator = 120
update = 1.5e2
[audit]
directory = "/var/log/onbox"
syslog = ""
syslog_required = false
"""
    ],
    "journal": [
        b"""{"hash":"0","prev":"0","seq":1}
{"hash":"0000","seq":2,"time":"2026-01-01T00:00:00.000000Z"}
""",
        b"[1]\n\n{}\nnull\n\xff{",
    ],
}
