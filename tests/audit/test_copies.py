"""The journal beside its syslog copies, which any local account can send."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import logs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.copies import Comparison, OtherChain, compare
from onbox.audit.record import GENESIS, sealed
from onbox.audit.verify import Verification
from onbox.errors import OnboxError
from onbox.screen.verification import findings, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from onbox.audit.record import Record

OLD = logs.chain("old", 4, hour=1)
NOW = logs.chain("now", 5, hour=2)
LONG = logs.chain("long", 3, hour=2, evidence=["x" * 9000])
FORGED = logs.rechained(NOW, 3, message="forged")
RENAMED = logs.rechained([record | {"host": {"name": "zz", "machine_id": None}} for record in NOW], 0)
BACK = logs.chain("back", 3, hour=3, after=NOW[:3])
TWICE = logs.chain("twice", 1, hour=4, after=NOW[:1])


def compared(
    folder: Path,
    journal: bytes | list[Record],
    copies: Iterable[Record | bytes],
    *heads: str,
    host: Sequence[str] = logs.NAMES,
) -> Comparison:
    """Return what the *copies* say of the *journal*."""
    path, log = folder / "audit.jsonl", folder / "log"
    path.write_bytes(journal if isinstance(journal, bytes) else logs.lines(journal))
    log.write_bytes(b"".join(copy if isinstance(copy, bytes) else logs.plain(copy) for copy in copies))
    return compare(path, log, host=host, heads=heads)


def is_damage(found: Comparison) -> bool:
    """Tell whether *found* says that the journal is not what the copies say."""
    return verdict(findings(Verification(tip="agrees"), found)) not in ("audit-sound", "copies-missing")


def told(found: Comparison) -> dict[str, Any]:
    """Return the members of *found* that say something."""
    return {name: value for name, value in asdict(found).items() if value}


@pytest.mark.parametrize("form", logs.FORMS)
@pytest.mark.parametrize("records", [NOW, LONG], ids=["short", "long"])
def test_copies_agree_with_a_journal_as_it_was_written(
    records: list[Record], form: Callable[[Record], bytes], tmp_path: Path
) -> None:
    """Copies agree in any form, in any order, repeated, and with fields left out."""
    found = compared(tmp_path, records, [*map(form, records), *map(form, reversed(records))])

    assert {"compared": len(records)} == told(found)
    assert not is_damage(found)


# The journal, the copies, whether it was set back, what was lost, and the lines of different copies, with True if the
# journal has that one.
Differing = dict[int, dict[int, bool]]
DAMAGES: dict[str, tuple[bytes | list[Record], list[Record], bool, list[int], Differing]] = {
    "truncated": (NOW[:3], NOW, False, [4, 5], {}),
    "truncated where a copy was lost": (NOW[:3], [*NOW[:3], NOW[4]], False, [5], {}),
    "truncated while the clock was wrong": (NOW, logs.chain("wrong", 1, after=NOW), False, [6], {}),
    "emptied": (b"", NOW, False, [1, 2, 3, 4, 5], {}),
    "removed": ([*NOW[:1], *NOW[2:]], NOW, False, [2], {}),
    "garbled": (logs.lines(NOW[:1]) + b"\xff\n" + logs.lines(NOW[2:]), NOW, False, [2], {}),
    "modified": ([*NOW[:1], NOW[1] | {"run": "x"}, *NOW[2:]], NOW, False, [2], {}),
    "rewritten": (FORGED, NOW, False, [4, 5], {}),
    "rewritten in fields that copies leave out": (logs.rechained(LONG, 1, evidence=["y"]), LONG, False, [2, 3], {}),
    "host renamed in all records": (RENAMED, NOW, False, [1, 2, 3, 4, 5], {}),
    "set back": (BACK, [*NOW, *BACK[3:]], True, [4, 5], {4: {4: False, 6: True}, 5: {5: False, 7: True}}),
    "set back, a copy lost": (BACK, [*NOW[:3], *NOW[4:], *BACK[3:]], True, [5], {5: {4: False, 6: True}}),
    "set back twice": (
        TWICE,
        [*NOW[:4], *BACK[3:4], *TWICE[1:]],
        True,
        [2, 3, 4],
        {2: {2: False, 6: True}, 4: {4: False, 5: False}},
    ),
    "a forged copy": (NOW, [*NOW, FORGED[4]], False, [], {5: {5: True, 6: False}}),
    "a copy with another hash": (NOW, [*NOW, NOW[4] | {"hash": "f" * 64}], False, [], {5: {5: True, 6: False}}),
    "rewritten to match a forged copy": (FORGED[:4], [FORGED[3], *NOW[:4]], False, [], {4: {1: True, 5: False}}),
}


@pytest.mark.parametrize(("journal", "copies", "set_back", "lost", "differing"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_named(
    journal: bytes | list[Record],
    copies: list[Record],
    set_back: bool,
    lost: list[int],
    differing: Differing,
    tmp_path: Path,
) -> None:
    """Each record that is not what its copy says is named, also if the chain was made anew."""
    found = compared(tmp_path, journal, copies)

    assert is_damage(found)
    assert (set_back, lost) == (found.set_back, found.lost)
    assert differing == {seq: {each.line: each.in_journal for each in some} for seq, some in found.differing.items()}


# The journal, the copies, and the numbers of the other chain.
OTHER_CHAINS: dict[str, tuple[list[Record], list[Record], tuple[int, int]]] = {
    "older": (NOW, [*OLD, *NOW], (1, 4)),
    "older, its beginning rotated away": (NOW, [*OLD[2:], *NOW], (3, 4)),
    "older, in another order": (NOW, [*reversed([*OLD, *NOW])], (1, 4)),
    "newer": (OLD, [*OLD, *NOW], (1, 5)),
}


@pytest.mark.parametrize(("journal", "copies", "numbers"), OTHER_CHAINS.values(), ids=OTHER_CHAINS)
def test_copies_of_another_chain_need_its_head(
    journal: list[Record], copies: list[Record], numbers: tuple[int, int], tmp_path: Path
) -> None:
    """A journal that was moved away looks like one that was removed, unless its head was noted."""
    other = (OLD if journal is NOW else NOW)[-1]["hash"]

    for heads in ((), (journal[-1]["hash"], other)):
        found = compared(tmp_path, journal, copies, *heads)

        assert is_damage(found) != bool(heads)
        assert [OtherChain(*numbers, other, known=bool(heads))] == found.chains


def test_older_chain_with_a_gap_needs_the_head_of_each_part(tmp_path: Path) -> None:
    """Only a hash proves that two copies belong together, and a copy with fields left out proves none."""
    old = [*OLD[:2], *logs.chain("long", 1, hour=1, after=OLD[:2], evidence=["x" * 9000])[2:]]
    old = logs.chain("end", 3, hour=1, after=old)
    copies, heads = [*old[:4], *old[5:], *NOW], [old[1]["hash"], old[3]["hash"], old[5]["hash"]]

    found = compared(tmp_path, NOW, copies, *heads)

    assert [(1, 2), (3, 4), (6, 6)] == [(chain.first, chain.last) for chain in found.chains]
    assert not is_damage(found)
    for each in heads:
        assert is_damage(compared(tmp_path, NOW, copies, *(head for head in heads if head != each)))


OLD_AND_LONG = logs.chain("long", 1, hour=1, after=OLD, evidence=["x" * 9000])
UNPROVEN: dict[str, tuple[list[Record], list[Record], list[Record]]] = {
    "the copy of its end was lost": (NOW, OLD[:3], OLD),
    "it goes on": (NOW, logs.chain("more", 1, hour=1, after=OLD), OLD),
    "it shares a run with this journal, which was rewritten": (logs.rechained(OLD, 0, message="forged"), OLD, OLD),
    "its last copy has fields left out": (NOW, OLD_AND_LONG, OLD_AND_LONG),
    "it is this journal's own end": (NOW[:2], NOW[3:], NOW),
    "there is no record in this journal": ([], OLD, OLD),
    "its first copy proves nothing": (
        logs.rechained([record | {"run": "x"} for record in NOW], 0),
        [NOW[0] | {"omitted": ["note"]}, *NOW[1:]],
        NOW,
    ),
}


@pytest.mark.parametrize(("journal", "copies", "noted"), UNPROVEN.values(), ids=UNPROVEN)
def test_head_vouches_for_nothing_else(
    journal: list[Record], copies: list[Record], noted: list[Record], tmp_path: Path
) -> None:
    """A head passes only the older chain that ends with it, as its last copy proves."""
    assert is_damage(compared(tmp_path, journal, [*copies, *journal], noted[-1]["hash"]))


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
        return dict(sealed(record, seq=seq, prev=prev))
    return record | {"seq": seq, "prev": prev, "hash": draw(HASHES), "omitted": ["transcript"]}


SUSPECT = [
    (NOW[:3], [*OLD, *NOW]),
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
    folder = tmp_path_factory.mktemp("forged")
    heads = [OLD[-1]["hash"], journal[-1]["hash"]]

    assert is_damage(compared(folder, journal, [*more, *copies] if first else [*copies, *more], *heads))


UNUSABLE: list[dict[str, Any]] = [
    *({"omitted": omitted} for omitted in (5, {"note": 1}, ["run"], [["note"]])),
    *({"hash": named} for named in (None, ["f" * 64])),
    {"prev": 5},
    *({"seq": seq} for seq in (2.0, "2", [2])),
    *({"host": host} for host in (None, "am1", {}, {"name": 5})),
    *({name: value} for name in ("time", "run") for value in (None, 5)),
    {"note": "garbled"},
]
GARBLED = [
    logs.plain(NOW[0])[:200],
    logs.rfc5424(NOW[0])[:200],
    logs.plain(NOW[0]).replace(b'"note":null', b'"note":NaN'),
    b"Nov 24 12:00:00 am1 onbox[7]: @cee: [" * 9,
    b'{"SYSLOG_IDENTIFIER":"onbox","MESSAGE":null}',
    b'{"SYSLOG_IDENTIFIER":"onbox","MESSAGE":[64,99]}',
    b'\t"MESSAGE" : "@cee: {\\"event\\":\\"x\\",\\"onbox\\":{}}",',
]
UNREADABLE = [
    *(pytest.param(logs.plain(NOW[1] | fields).strip(), id=repr(fields)) for fields in UNUSABLE),
    *(pytest.param(logs.journald(NOW[1] | fields).strip(), id=f"{fields} in journald") for fields in UNUSABLE),
    *GARBLED,
]


@pytest.mark.parametrize("line", UNREADABLE)
def test_line_of_onbox_without_a_usable_copy_is_counted(line: bytes, tmp_path: Path) -> None:
    """A copy that is garbled, truncated or forged neither vanishes nor agrees."""
    found = compared(tmp_path, NOW, [logs.plain(NOW[0]), line.strip() + b"\n"])

    assert {"compared": 1, "unreadable": 1, "without_copy": [2, 3, 4, 5]} == told(found)
    assert not is_damage(found)


def test_other_contents_of_a_log(tmp_path: Path) -> None:
    """Other programs and other hosts neither hide nor invent a loss, and a result that no journal took is named."""
    unrecorded = dict(sealed(NOW[0] | {"run": "run-7"}, seq=None, prev=None))
    log = [
        logs.plain(NOW[1]),
        b"Nov 24 12:00:00 am1 sshd[1]: Accepted password\n",
        b'Nov 24 12:00:00 am1 other[1]: @cee: {"msg": "x"}\n',
        b'{"msg": "x", "list": [], "bytes": [64, 99]}\n\n',
        b"[" * 100_000 + b"\n",
        *map(logs.parsed, logs.chain("other", 2, host={"name": "am2", "machine_id": "4567"})),
        logs.parsed(unrecorded),
        logs.parsed(unrecorded),
    ]

    found = compared(tmp_path, NOW, log)

    expected = {"compared": 1, "without_copy": [1, 3, 4, 5], "unrecorded": ["run-7"], "others": {"am2": 2}}
    assert expected == told(found)
    assert not is_damage(found)


HOSTS = [
    (["am1"], 5),
    (["new-name", "0123"], 5),
    (["0123"], 5),
    (["am2"], 0),
    (["am2", "4567"], 0),
]


@pytest.mark.parametrize(("host", "expected"), HOSTS)
def test_host_is_this_one_by_its_name_or_machine_id(host: Sequence[str], expected: int, tmp_path: Path) -> None:
    """A host that was renamed is still the same, and no host is taken from the journal."""
    found = compared(tmp_path, NOW, NOW, host=host)

    assert expected == found.compared
    assert ({} if expected else {"am1": 5}) == found.others


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_log_in_text_mode_is_read(encoding: str, line_end: str, tmp_path: Path) -> None:
    """A log that a Windows tool converted gives the same copies, with and without a byte order mark."""
    text = b"".join(map(logs.plain, NOW)).decode().replace("\n", line_end)

    for mark in ("", "\ufeff"):
        assert {"compared": 5} == told(compared(tmp_path, NOW, [(mark + text).encode(encoding)]))


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A log that can't be read stops the comparison."""
    with pytest.raises(OnboxError, match=r"copies-unreadable.*log.*No such file or directory"):
        compare(tmp_path / "audit.jsonl", tmp_path / "log", host=logs.NAMES)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: b" onbox[1]: @cee: " + text.encode("utf-8")))
def test_no_log_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, log: bytes) -> None:
    """Any log is read to its end."""
    assert 0 == compared(tmp_path_factory.mktemp("any"), NOW, [log]).compared
