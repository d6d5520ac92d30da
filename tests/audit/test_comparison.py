"""The journal beside its syslog copies, which any local account can send."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import journals
import logs
import pytest
from collector import running
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit import comparison as comparisons
from onbox.audit.comparison import Comparison, OtherChain, Version, compare
from onbox.audit.journal import Journal
from onbox.audit.reader import read_text
from onbox.audit.record import GENESIS
from onbox.audit.verify import Verification
from onbox.errors import OnboxError
from onbox.identity import Host
from onbox.screen.verification import findings, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from onbox.audit.record import Record

OLD = logs.chain("old", 4, hour=1)
NOW = logs.chain("now", 6, hour=2)
LONG = logs.chain("long", 3, hour=2, evidence=["x" * 9000])
FORGED = logs.rechained(NOW, 3, message="forged")
RENAMED = logs.rechained([record | {"host": {"name": "zz", "machine_id": None}} for record in NOW], 0)
BACK = logs.chain("back", 4, hour=3, after=NOW[:3])
TWICE = logs.chain("twice", 1, hour=4, after=NOW[:1])


def head(records: list[Record]) -> str:
    """Return the hash of the last of *records*."""
    return str(records[-1]["hash"])


class Comparing:
    """Compares records with copies, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Put the files into *folder*."""
        self.journal = folder / "audit.jsonl"
        self.log = folder / "log"

    def __call__(
        self, journal: bytes | list[Record], copies: Iterable[Record | bytes], *heads: str, host: Host = logs.HOST
    ) -> Comparison:
        """Return what the *copies* say of the *journal*."""
        self.journal.write_bytes(journal if isinstance(journal, bytes) else logs.lines(journal))
        self.log.write_bytes(b"".join(copy if isinstance(copy, bytes) else logs.plain(copy) for copy in copies))
        return compare(self.journal, self.log, host=host, heads=heads)


@pytest.fixture
def compared(tmp_path: Path) -> Comparing:
    """Return what compares a journal with copies."""
    return Comparing(tmp_path)


def is_damage(found: Comparison) -> bool:
    """Tell whether *found* says that the journal is not what the copies say."""
    return verdict(findings(Verification(tip="agrees"), found)) not in ("audit-sound", "copies-missing")


def told(found: Comparison) -> dict[str, Any]:
    """Return the members of *found* that say something; of different copies, the lines they stand in."""
    lines = {number: [version.line for version in versions] for number, versions in found.differing.items()}
    return {name: value for name, value in (asdict(found) | {"differing": lines}).items() if value}


@pytest.mark.parametrize("form", logs.FORMS)
@pytest.mark.parametrize("records", [NOW, LONG], ids=["short", "long"])
def test_copies_agree_with_a_journal_as_it_was_written(
    records: list[Record], form: Callable[[Record], bytes], compared: Comparing
) -> None:
    """Copies agree in any form, in any order, repeated, and with fields left out."""
    found = compared(records, [*map(form, records), *map(form, reversed(records))])

    assert {"compared": len(records)} == told(found)
    assert not is_damage(found)


# The journal, the copies, and the comparison.
DAMAGES: dict[str, tuple[bytes | list[Record], list[Record], dict[str, Any]]] = {
    "truncated": (NOW[:4], NOW, {"compared": 4, "lost": [5, 6]}),
    "truncated where a copy was lost": (NOW[:3], [*NOW[:3], *NOW[4:]], {"compared": 3, "lost": [5, 6]}),
    "emptied": (b"", NOW, {"lost": [1, 2, 3, 4, 5, 6]}),
    "first removed": (NOW[1:], NOW, {"compared": 5, "lost": [1]}),
    "removed": ([*NOW[:1], *NOW[2:]], NOW, {"compared": 5, "lost": [2]}),
    "garbled": (logs.lines(NOW[:1]) + b"\xff\n" + logs.lines(NOW[2:]), NOW, {"compared": 5, "lost": [2]}),
    "modified": ([*NOW[:1], NOW[1] | {"run": "x"}, *NOW[2:]], NOW, {"compared": 5, "changed": [2]}),
    "rewritten": (FORGED, NOW, {"compared": 3, "changed": [4], "rehashed": [5, 6]}),
    "rewritten in what copies leave out": (
        logs.rechained(LONG, 1, evidence=["y" * 9000]),
        LONG,
        {"compared": 1, "rehashed": [2, 3]},
    ),
    "rewritten from the first record on": (
        logs.rechained(NOW, 0, message="forged"),
        NOW,
        {"changed": [1], "rehashed": [2, 3, 4, 5, 6]},
    ),
    "host renamed in all records": (RENAMED, NOW, {"changed": [1, 2, 3, 4, 5, 6]}),
    "set back": (
        BACK,
        [*NOW, *BACK[3:]],
        {"compared": 7, "lost": [4, 5, 6], "set_back": 4, "differing": {4: [4, 7], 5: [5, 8], 6: [6, 9]}},
    ),
    "set back, and the copy of the first new record was lost": (
        BACK,
        [*NOW, *BACK[4:]],
        {"compared": 6, "lost": [4, 5, 6], "set_back": 4, "differing": {5: [5, 7], 6: [6, 8]}},
    ),
    "set back twice": (
        TWICE,
        [*NOW, *BACK[3:], *TWICE[1:]],
        {
            "compared": 2,
            "lost": [2, 3, 4, 5, 6, 7],
            "set_back": 2,
            "differing": {2: [2, 11], 4: [4, 7], 5: [5, 8], 6: [6, 9]},
        },
    ),
    "forged copies were added": (
        NOW,
        [*NOW, *FORGED[3:]],
        {"compared": 6, "differing": {4: [4, 7], 5: [5, 8], 6: [6, 9]}},
    ),
    "a copy with another hash was added": (
        NOW,
        [*NOW, NOW[4] | {"hash": "f" * 64}],
        {"compared": 6, "differing": {5: [5, 7]}},
    ),
    "forged copies came first, and the journal was rewritten to match": (
        FORGED,
        [*FORGED[3:], *NOW],
        {"compared": 6, "differing": {4: [1, 7], 5: [2, 8], 6: [3, 9]}},
    ),
    "a forged copy behind the end": (NOW[:5], [*NOW[:5], FORGED[5]], {"compared": 5, "lost": [6]}),
}


@pytest.mark.parametrize(("journal", "copies", "expected"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_named(
    journal: bytes | list[Record], copies: list[Record], expected: dict[str, Any], compared: Comparing
) -> None:
    """Each record that is not what its copy says is named, also if the chain was made anew."""
    found = compared(journal, copies)

    assert is_damage(found)
    assert expected | {"without_copy": []} == told(found) | {"without_copy": []}


def test_both_of_two_different_copies_are_shown(compared: Comparing) -> None:
    """A reader learns the line and hash of each, and which of them the journal has."""
    expected = [Version(4, NOW[3]["hash"], in_journal=True), Version(5, FORGED[3]["hash"], in_journal=False)]

    assert {4: expected} == compared(NOW[:4], [*NOW[:4], FORGED[3]]).differing


# The journal, the copies, and the numbers of the other chain.
OTHER_CHAINS: dict[str, tuple[list[Record], list[Record], tuple[int, int]]] = {
    "older": (NOW, [*OLD, *NOW], (1, 4)),
    "older, its beginning rotated away": (NOW, [*OLD[2:], *NOW], (3, 4)),
    "older, with a gap": (NOW, [*OLD[:1], *OLD[2:], *NOW], (1, 4)),
    "older, in another order": (NOW, [*reversed([*OLD, *NOW])], (1, 4)),
    "newer": (OLD, [*OLD, *NOW], (1, 6)),
}


@pytest.mark.parametrize(("journal", "copies", "numbers"), OTHER_CHAINS.values(), ids=OTHER_CHAINS)
def test_copies_of_another_chain_need_its_head(
    journal: list[Record], copies: list[Record], numbers: tuple[int, int], compared: Comparing
) -> None:
    """A journal that was moved away looks like one that was removed, unless its head was noted."""
    other = head(OLD if journal is NOW else NOW)

    unknown, known = compared(journal, copies), compared(journal, copies, head(journal), other.upper())

    assert is_damage(unknown)
    assert [OtherChain(*numbers, other, known=False)] == unknown.chains
    assert not is_damage(known)
    assert [OtherChain(*numbers, other, known=True)] == known.chains


def test_each_of_several_older_chains_needs_its_head(compared: Comparing) -> None:
    """Each journal that was moved away has a head of its own; lost copies are looked for in the latest of them."""
    older = logs.chain("older", 4, hour=0)
    copies = [*older[:1], *older[3:], *OLD[:1], *OLD[2:], *NOW]

    assert not is_damage(compared(NOW, copies, head(OLD), head(older)))
    assert [(1, 4), (1, 4)] == [(chain.first, chain.last) for chain in compared(NOW, copies, head(older)).chains]
    assert is_damage(compared(NOW, copies, head(older)))


OLD_AND_LONG = logs.chain("long", 1, hour=1, after=OLD, evidence=["x" * 9000])
UNPROVEN: dict[str, tuple[list[Record], list[Record], list[Record]]] = {
    "the copy of its end was lost": (NOW, OLD[:3], OLD),
    "it goes on": (NOW, logs.chain("more", 1, hour=1, after=OLD), OLD),
    "it shares a run with this journal, which was rewritten": (logs.rechained(OLD, 0, message="forged"), OLD, OLD),
    "its last copy has fields left out": (NOW, OLD_AND_LONG, OLD_AND_LONG),
    "it is this journal's own end": (NOW[:3], NOW[4:], NOW),
    "there is no record in this journal": ([], OLD, OLD),
}


@pytest.mark.parametrize(("journal", "copies", "noted"), UNPROVEN.values(), ids=UNPROVEN)
def test_head_vouches_for_nothing_else(
    journal: list[Record], copies: list[Record], noted: list[Record], compared: Comparing
) -> None:
    """A head passes only the older chain that ends with it, as its last copy proves."""
    assert is_damage(compared(journal, [*copies, *journal], head(noted)))


# Copies that an attacker can make: of records there are, with other places, hashes and fields.
RECORDS = [*OLD, *NOW, *BACK[3:], *FORGED[3:]]
HASHES = st.sampled_from([GENESIS, *(record["hash"] for record in RECORDS)])


@st.composite
def forged(draw: st.DrawFn) -> Record:
    """Make a copy that anybody could send."""
    record = {**draw(st.sampled_from(RECORDS))}
    kind = draw(st.sampled_from(["replay", "proven", "claimed"]))
    if kind == "replay":
        return record
    seq = draw(st.integers(1, 8))
    record |= {"note": "forged", "run": draw(st.sampled_from(["x", record["run"]]))}
    record |= {"time": draw(st.sampled_from(["2025", "2030", record["time"]]))}
    prev = GENESIS if seq == 1 else draw(HASHES)
    if kind == "proven":
        return journals.sealed(record, seq, prev)
    return record | {"seq": seq, "prev": prev, "hash": draw(HASHES), "omitted": ["transcript"]}


SUSPECT = [
    (NOW[:4], [*OLD, *NOW]),
    (NOW[:3], [*OLD, *NOW[:3], *NOW[4:]]),
    (FORGED, NOW),
    (BACK, [*NOW, *BACK[3:]]),
    (NOW, [*logs.chain("gone", 3, hour=1), *NOW]),
]


@pytest.mark.parametrize(("journal", "copies"), SUSPECT)
@given(more=st.lists(forged(), min_size=1, max_size=4), first=st.booleans())
def test_no_forged_copy_hides_damage(
    journal: list[Record],
    copies: list[Record],
    more: list[Record],
    *,
    first: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Copies that are added can raise a false alarm, but never turn damage into agreement."""
    compared = Comparing(tmp_path_factory.mktemp("forged"))

    assert is_damage(compared(journal, [*more, *copies] if first else [*copies, *more], head(OLD), head(journal)))


def test_other_contents_of_a_log(compared: Comparing) -> None:
    """Other programs, other hosts and truncated copies neither hide nor invent a loss."""
    other = logs.chain("other", 2, host={"name": "am2", "machine_id": "4567"})
    unrecorded = journals.sealed(NOW[0] | {"run": "run-7"}, 0, "") | {"seq": None, "prev": None}
    log = [
        logs.plain(NOW[1]),
        b"Nov 24 12:00:00 am1 sshd[1]: Accepted password\n",
        logs.plain(NOW[3])[:200] + b"\n",
        logs.parsed(NOW[4] | {"note": "garbled"}),
        *map(logs.parsed, other),
        logs.parsed(unrecorded),
        logs.parsed(unrecorded),
    ]

    found = compared(NOW, log)

    expected = {"compared": 1, "without_copy": [1, 3, 4, 5, 6], "unrecorded": ["run-7"], "others": {"am2": 2}}
    assert expected | {"unreadable": 2} == told(found)
    assert not is_damage(found)


HOSTS = [
    (Host("am1", None), 6),
    (Host("new-name", "0123"), 6),
    (Host("0123", "0123"), 6),
    (Host("am2", None), 0),
    (Host("am2", "4567"), 0),
]


@pytest.mark.parametrize(("host", "expected"), HOSTS)
def test_host_is_this_one_by_its_name_or_machine_id(host: Host, expected: int, compared: Comparing) -> None:
    """A host that was renamed is still the same, and no host is taken from the journal."""
    found = compared(NOW, NOW, host=host)

    assert expected == found.compared
    assert ({} if expected else {"am1": 6}) == found.others


def test_copies_of_a_removed_journal_tell_what_it_held(compared: Comparing) -> None:
    """If the journal is missing, each copy is of a record that it lost."""
    compared(b"", NOW)
    compared.journal.unlink()

    assert [1, 2, 3, 4, 5, 6] == compare(compared.journal, compared.log, host=logs.HOST).lost


def test_copy_of_a_record_written_meanwhile_is_left_out(compared: Comparing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that is written and copied after the log was read is not taken for lost."""
    compared(NOW[:5], NOW[:5])

    def slow(path: Path) -> tuple[bytes, str]:
        found = read_text(path)
        compared.log.write_bytes(b"".join(map(logs.plain, NOW)))
        compared.journal.write_bytes(logs.lines(NOW))
        return found

    monkeypatch.setattr(comparisons, "read_text", slow)

    found = compare(compared.journal, compared.log, host=logs.HOST)
    assert {"compared": 5, "without_copy": [6]} == told(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_log_in_text_mode_is_read(encoding: str, line_end: str, compared: Comparing) -> None:
    """A log that a Windows tool converted gives the same copies, with and without a byte order mark."""
    text = b"".join(map(logs.plain, NOW)).decode().replace("\n", line_end)

    for mark in ("", "\ufeff"):
        assert {"compared": 6} == told(compared(NOW, [(mark + text).encode(encoding)]))


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A log or journal that can't be read stops the comparison."""
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(OnboxError, match=r"copies-unreadable .*log detail=No such file or directory"):
        compare(tmp_path / "audit.jsonl", tmp_path / "log", host=logs.HOST)
    (tmp_path / "log").touch()
    with pytest.raises(OnboxError, match=r"copies-unreadable .*audit.jsonl detail=it is not a regular file"):
        compare(tmp_path / "audit.jsonl", tmp_path / "log", host=logs.HOST)


@pytest.mark.program("rsyslogd")
@pytest.mark.parametrize("log", ["plain", "json"])
def test_real_rsyslog_is_understood(log: str, tmp_path: Path) -> None:
    """The files of a real rsyslogd agree with the journal, and show a record that it lost and one it changed."""
    folder = tmp_path / "audit"
    with running(tmp_path / "rsyslog") as collector, closing(Journal(folder, journals.uid())) as journal:
        into = journals.log(journal, syslog=collector.socket)
        fields = {"outcome": "success", "code": "c"}
        for number in range(5):
            into.info("x", note=f"\u00e9/{number}", process={"seconds": 0.1 + 0.2}, evidence=["x" * 5000], **fields)
        into.info("x", evidence=["x" * 9000], **fields)
        collector.records(6)

    found = compare(folder / "audit.jsonl", collector.folder / log, host=logs.HOST)
    assert {"compared": 6} == told(found)

    lines = (folder / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "audit.jsonl").write_bytes(b"".join([*lines[:1], lines[1].replace(b"/1", b"/7"), *lines[3:]]))
    found = compare(folder / "audit.jsonl", collector.folder / log, host=logs.HOST)
    assert ([3], [2]) == (found.lost, found.changed)
