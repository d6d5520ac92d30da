"""The journal beside the syslog copies of its records.

Nobody on the machine can take a copy back that was sent.
So a forged copy can raise a false alarm, but never hide a change: adding one never turns damage into agreement.
"""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onbox.audit.copies import Copy, copies_in, text_in
from onbox.audit.reader import object_of, read_text
from onbox.audit.record import Record, digest
from onbox.errors import OnboxError
from onbox.identity import Host

# Above it, somebody floods the log, and gaps are not bridged.
_MOST_SEARCHED = 1000


@dataclass(frozen=True)
class Version:
    """One of several different copies with the same number: where it stands, and whether the journal has it."""

    line: int
    hash: str
    in_journal: bool


@dataclass(frozen=True)
class OtherChain:
    """Copies of another chain of this host: a journal that was moved away, or removed.

    `first` and `last` are numbers, `hash` is that of the last; it is `known` if that was given.
    """

    first: int
    last: int
    hash: str
    known: bool


@dataclass
class Comparison:
    """The copies compared with a journal; records are named by their numbers.

    `lost` were copied, and the journal does not have them.
    `set_back` is the number from which on the journal has other records, copied later; None if there is none.
    `changed` differ from their copies; `rehashed` have the same content, but follow another record.
    `differing` has the copies of each number of which there are different ones.
    `unrecorded` are runs whose result no journal could take, so that only syslog has it.
    `others` counts copies by the names of other hosts, `unreadable` those that are truncated, garbled or forged.
    """

    compared: int = 0
    lost: list[int] = field(default_factory=list)
    set_back: int | None = None
    changed: list[int] = field(default_factory=list)
    rehashed: list[int] = field(default_factory=list)
    differing: dict[int, list[Version]] = field(default_factory=dict)
    chains: list[OtherChain] = field(default_factory=list)
    without_copy: list[int] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0


def compare(journal: Path, copies: Path, *, host: Host, heads: Collection[str] = ()) -> Comparison:
    """Compare the JOURNAL of HOST with the file COPIES.

    A copy is of HOST if it has its name or its machine ID.
    Another chain is no damage if its last hash is one of HEADS, noted when its journal was moved away.

    Raises:
        OnboxError: if a file can't be read.
    """
    found, known = Comparison(), {head.lower() for head in heads}
    try:
        # In this order: a record is copied after it is written.
        log, _ = read_text(copies)
        records = _Journal(read_text(journal)[0] if os.path.lexists(journal) else b"")
    except OSError as error:
        raise OnboxError("copies-unreadable", path=error.filename or copies, detail=error.strerror) from None
    same, strange = _sorted(copies_in(log), records, host, found)
    ours = list(same.values())
    for chain in _chains(strange, records.begin, known):
        if records.has(chain):
            _judge(found, chain, records, same)
            ours += chain
        else:
            last = chain[-1]
            found.chains.append(OtherChain(chain[0].seq, last.seq, last.hash, last.whole and last.hash in known))
    versions: dict[int, list[Version]] = {}
    for copy in sorted(ours, key=lambda copy: (copy.seq, copy.line)):
        version = Version(copy.line, copy.hash, copy.hash in records.at(copy.seq))
        versions.setdefault(copy.seq, []).append(version)
    found.differing = {number: copies for number, copies in versions.items() if len(copies) > 1}
    found.compared = len(same)
    found.without_copy = sorted(records.numbers - same.keys())
    found.lost, found.changed, found.rehashed = (sorted(set(x)) for x in (found.lost, found.changed, found.rehashed))
    found.unrecorded = list(dict.fromkeys(found.unrecorded))
    return found


class _Journal:
    """The records of a journal by number and hash; the hash is computed again, because a record could claim any."""

    def __init__(self, content: bytes) -> None:
        self._records: dict[int, dict[str, Record]] = {}
        self._runs: set[str | None] = set()
        self.begin = ""
        for line in content.split(b"\n"):
            record = object_of(line)
            if record and type(record.get("seq")) is int:
                self._records.setdefault(record["seq"], {}).setdefault(digest(record), record)
                self._runs.add(text_in(record, "run") or None)
                self.begin = self.begin or text_in(record, "time")

    @property
    def numbers(self) -> set[int]:
        return set(self._records)

    def at(self, seq: int) -> dict[str, Record]:
        """Give the records with the number SEQ by their hashes; a damaged journal can have several."""
        return self._records.get(seq, {})

    def has(self, chain: list[Copy]) -> bool:
        """Tell whether CHAIN was written into this journal, not into one that was moved away before it began."""
        first, last = chain[0], chain[-1]
        return (
            not self._records
            or first.prev in self.at(first.seq - 1)
            or last.hash in [text_in(record, "prev") for record in self.at(last.seq + 1).values()]
            or any(copy.run in self._runs for copy in chain)
            or (first.seq > 1 and first.time >= self.begin)
        )


def _sorted(
    copies: Iterable[Copy | None], journal: _Journal, host: Host, found: Comparison
) -> tuple[dict[int, Copy], dict[tuple[int, str], Copy]]:
    """Give the copies of HOST that JOURNAL agrees with, and those that it does not have; count all others in FOUND."""
    same, strange = dict[int, Copy](), dict[tuple[int, str], Copy]()
    for copy in copies:
        named = copy.record["host"] if copy else {}
        if copy is None:
            found.unreadable += 1
        elif named["name"] != host.name and (not host.machine_id or named.get("machine_id") != host.machine_id):
            found.others[named["name"]] = found.others.get(named["name"], 0) + 1
        elif not copy.seq:
            found.unrecorded.append(copy.run)
        elif copy.hash not in journal.at(copy.seq):
            before = strange.get((copy.seq, copy.hash))
            if before is None or (copy.whole and not before.whole):
                strange[copy.seq, copy.hash] = copy
        elif copy.is_copy_of(journal.at(copy.seq)[copy.hash]):
            same.setdefault(copy.seq, copy)
        else:
            found.unreadable += 1
    return same, strange


def _chains(strange: dict[tuple[int, str], Copy], begin: str, known: set[str]) -> list[list[Copy]]:
    """Give copies that the journal does not have in chains.

    Only a hash that is proven links two copies for sure.
    If a copy was lost or is not whole, the next one continues the latest chain before it that has no KNOWN end,
    but only if it is older than the BEGIN of the journal.
    """
    chains: list[list[Copy]] = []
    ends: dict[tuple[int, str], list[Copy]] = {}
    for copy in sorted(strange.values(), key=lambda copy: (copy.seq, copy.line)):
        before = (copy.seq - 1, copy.prev)
        chain = ends.pop(before, None)
        if chain is None or not (copy.whole and chain[-1].whole):
            gapped = chains if before not in strange and len(strange) <= _MOST_SEARCHED else []
            possible = [chain] if chain else [each for each in gapped if each[-1].seq < copy.seq - 1]
            older = [each for each in possible if _latest(each) <= copy.time < begin and each[-1].hash not in known]
            chain = max(older, key=_latest, default=None)
        if chain is None:
            chain = []
            chains.append(chain)
        chain.append(copy)
        ends[copy.seq, copy.hash] = chain
    return chains


def _latest(chain: list[Copy]) -> str:
    return max(copy.time for copy in chain)


def _judge(found: Comparison, chain: list[Copy], journal: _Journal, same: dict[int, Copy]) -> None:
    """Say in FOUND what CHAIN, which JOURNAL should have and does not, means."""
    set_back = any(copy.seq in same and copy.line < same[copy.seq].line for copy in chain)
    if set_back:
        found.set_back = min(chain[0].seq, found.set_back or chain[0].seq)
    for copy in chain:
        records = journal.at(copy.seq).values()
        if set_back or not records:
            found.lost.append(copy.seq)
        elif copy.seq not in same:
            rehashed = any(copy.is_copy_of(record, "prev") for record in records)
            (found.rehashed if rehashed else found.changed).append(copy.seq)
