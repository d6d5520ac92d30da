"""What must hold for any input at all: rules that hypothesis tries in every test run, and atheris in scripts/fuzz."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from onbox.audit.journal import Journal
from onbox.errors import OnboxError
from onbox.rsautil.commands import ASKS_PASSWORD, ASKS_USERNAME, judge
from onbox.rsautil.evidence import evidence_in, signs_of
from onbox.rsautil.terminal import Script, Transcript, _Reader, plain
from onbox.settings import parse

PASSWORD = b"Sentinel-1!"
BAD_WORDS = ("error:", "fatal:", "exception", "denied", "does not exist")
# Logging libraries that talk of themselves, and what a script would have removed.
HARMLESS = re.compile(r"^(?:slf4j|log4j)\b|\bskipping\b")


def read(said: bytes, size: int) -> tuple[_Reader, bytes]:
    """Have a reader take what a command *said*, in pieces of *size*, and return it with what it typed."""
    script = Script(
        {ASKS_USERNAME: b"ocadmin".strip, ASKS_PASSWORD: PASSWORD.strip}, lambda line: bool(signs_of(line)), str
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader = _Reader(script, ours.fileno())
        for start in range(0, len(said), size):
            theirs.sendall(said[start : start + size])
            reader.read()
        reader.end_line()
        ours.shutdown(socket.SHUT_WR)
        return reader, theirs.recv(4096)


def transcript(data: bytes) -> None:
    """Success needs exit 0, the head and the row of the result, and no word of an error; then the reader kept all."""
    exit_code, said = data[0] if data else 0, data[1:]
    reader, _ = read(said, 4096)
    heard = Transcript("exited", tuple(reader.lines), reader.partial, tuple(reader.answered), exit_code)
    assert all(line == plain(line) and len(line) <= 1000 for line in heard.lines)
    if judge(heard, evidence_in(heard)).outcome == "success":
        lines = [line.strip().lower() for line in heard.lines]
        assert exit_code == 0
        assert not heard.partial
        assert "(1 row)" in lines[lines.index("update_config") :]
        assert not [line for line in lines if any(word in line for word in BAD_WORDS) and not HARMLESS.search(line)]


def prompts(data: bytes) -> None:
    """Each prompt is answered once at most and only where it was asked, however the output is cut into pieces."""
    reader, typed = read(data[1:], 1 + (data[0] if data else 0))
    whole, typed_at_once = read(data[1:], 60_000)
    assert (reader.lines, reader.answered, typed) == (whole.lines, whole.answered, typed_at_once)
    right = {ASKS_USERNAME: b"ocadmin\n", ASKS_PASSWORD: PASSWORD + b"\n"}
    assert len(set(reader.answered)) == len(reader.answered)
    assert b"".join(right[prompt] for prompt in reader.answered) == typed
    assert all(prompt.lower().encode() in data.lower() for prompt in reader.answered)


def settings(data: bytes) -> None:
    """A settings file is taken or refused in words, whatever it holds."""
    with suppress(OnboxError):
        found = parse(data, "any.toml")
        assert found.rsautil.is_absolute()
        assert 0 < found.administrator_timeout <= 86400


def journal(data: bytes) -> None:
    """A journal is read from its end or refused in words, whatever it holds, and reading changes nothing."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file = Path(folder, "audit.jsonl")
        file.touch(0o600)
        file.write_bytes(data)
        with closing(Journal(Path(folder), os.getuid(), reading=True)) as subject:
            for record in subject.records_from_end():
                assert isinstance(record, dict)
            with suppress(OnboxError), subject.chain() as tip:
                assert tip.seq >= 0
        assert data == file.read_bytes()


RULES = {rule.__name__: rule for rule in (transcript, prompts, settings, journal)}

# Where atheris begins for each rule.
SEEDS = {
    "transcript": [
        b"""\0Please enter OC Administrator password:
psql.bin:/tmp/x.sql:108: NOTICE:  Updated the configuration parameter \
"auth_manager.cas.authentication.ha.seed_sync.marker_time" with the value "0"
 update_config
---------------

(1 row)

""",
        b"""\0psql.bin:/tmp/x.sql:1: ERROR:  configuration parameter \
"auth_manager.cas.authentication.ha.seed_sync.marker_time" does not exist
 update_config
(1 row)
""",
        b"""\0Authentication failed: the account is locked; access denied
NOTICE:  table "x" does not exist, skipping
FATAL:  the database system is starting up
Exception in thread
\tat a.b(c)
usage: x
 update_config
(1 row)
""",
    ],
    "prompts": [b"\3Please enter OC Administrator username: \nPlease enter OC Administrator password: \x1b[31m\n" * 2],
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
