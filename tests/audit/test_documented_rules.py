"""The recipes in docs/audit.md, run with the very words that stand there."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import journals
import logs
import pytest
from collector import run_with
from rehearsal import CHECKOUT

from onbox.audit.copies import compare
from onbox.audit.journal import Journal
from onbox.audit.record import canonical, process

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = (CHECKOUT / "docs" / "audit.md").read_text("utf-8")


def block(heading: str) -> str:
    """Return the commands that the document shows below *heading*."""
    shown = DOCUMENT.partition(f"\n{heading}\n")[2].split("```")[1]
    return shown.partition("\n")[2]


def verified_by_hand(folder: Path, lines: list[str]) -> bool:
    """Tell whether the documented commands find nothing wrong with *lines*."""
    (folder / "audit.jsonl").write_text("".join(line + "\n" for line in lines))
    command = ["sh", "-c", block("### Verify without onbox")]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.program("jq")
def test_chain_can_be_verified_by_hand(tmp_path: Path) -> None:
    """Jq and sha256sum accept every journal of onbox, and find each kind of damage."""
    note = "".join(map(chr, range(1, 0x180))) + "\u2028\ufffd😀"
    with closing(Journal(tmp_path / "audit", os.getuid())) as journal:
        log = journals.log(journal).bind(note=note, ticket='"hash":"x",', outcome="success", code="c")
        lines = [
            canonical(log.info("x", process=process(("rsautil",), seconds=seconds)))
            for seconds in (2.0, 0.001, 119.999, 0.1 + 0.2, None)
        ]

    assert verified_by_hand(tmp_path, lines)
    damaged = {
        "changed": [*lines[:2], lines[2].replace("success", "failure"), *lines[3:]],
        "removed": [*lines[:2], *lines[3:]],
        "swapped": [lines[0], lines[2], lines[1], *lines[3:]],
        "rechained": [lines[0], lines[1].replace(json.loads(lines[0])["hash"], "f" * 64), *lines[2:]],
        "spaced": [line.replace(',"', ', "') for line in lines],
        "torn": [*lines[:4], lines[4][:100]],
    }
    assert {} == {kind: True for kind, changed in damaged.items() if verified_by_hand(tmp_path, changed)}


AUTHORITY = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out authority.pem -subj /CN=authority \
    -addext extendedKeyUsage=critical,timeStamping 2>/dev/null
echo 01 >serial
printf '%s\n' '[tsa]' default_tsa=a '[a]' serial=serial signer_cert=authority.pem signer_key=key.pem \
    signer_digest=sha256 default_policy=1.2.3.4.1 digests=sha256 certs=authority.pem >tsa.cnf
curl() { openssl ts -reply -config tsa.cnf -queryfile head.tsq -out head.tsr; }
set -e
"""


@pytest.mark.program("openssl")
def test_head_gets_a_time_stamp(tmp_path: Path) -> None:
    """OpenSSL asks for a time stamp of a head, and proves it by that head only."""
    head = logs.chain("run", 1)[0]["hash"]
    script = block("### Note the head")
    query, _, proof = script.partition("openssl ts -verify")

    def run(text: str, noted: str) -> int:
        done = subprocess.run(
            ["sh", "-c", text], cwd=tmp_path, env={"HASH": noted, "AUTHORITY": "x"}, capture_output=True, check=False
        )
        return done.returncode

    assert 0 == run(AUTHORITY + query, head)
    assert 0 == run("openssl ts -verify" + proof, head)
    assert 0 != run("openssl ts -verify" + proof, "f" * 64)


@pytest.mark.program("rsyslogd")
def test_documented_rsyslog_keeps_the_copies(tmp_path: Path) -> None:
    """Copies in the documented file, and in rsyslog's own format, agree and show what was lost and changed."""
    kept, plain, path = tmp_path / "copies.json", tmp_path / "plain", tmp_path / "audit" / "audit.jsonl"
    actions = block("## The syslog copy").replace("/var/log/onbox-copies.json", str(kept))
    with (
        run_with(tmp_path / "rsyslog", actions + f'action(type="omfile" file="{plain}")') as collector,
        closing(Journal(path.parent, os.getuid())) as journal,
    ):
        log = journals.log(journal, syslog=collector.socket).bind(outcome="success", code="c")
        for number in range(4):
            log.info("x", note=f"\u00e9/{number}", process={"seconds": 0.1 + 0.2}, evidence=["x" * 3000 * number])
        for copies in (kept, plain):
            collector.wait_for_lines(copies, 4)

    lines = path.read_bytes().splitlines(keepends=True)
    for copies in (kept, plain):
        path.write_bytes(b"".join(lines))
        found = compare(path, copies, host=logs.NAMES)
        assert (4, [], {}) == (found.compared, found.lost, found.differing)

        path.write_bytes(b"".join([lines[0], lines[1].replace(b"/1", b"/7"), lines[3]]))
        found = compare(path, copies, host=logs.NAMES)
        assert (2, [2, 3]) == (found.compared, found.lost)
