"""The journal beside the syslog copies of its records, which are read out of a log in any format.

Any local account can send a copy, and a copy that was sent cannot be taken back.
So a forged copy can raise a false alarm, but never hide a change: adding one never turns damage into agreement.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onbox.audit.reader import Reader, object_of, read_text
from onbox.audit.record import Record, digest
from onbox.audit.syslog import COOKIE, SPARE
from onbox.errors import OnboxError

# The members that a copy must have, with their types; without `omitted`, it has all fields.
_FORM = {"seq": int | None, "prev": str | None, "hash": str, "time": str, "run": str, "host": dict, "omitted": list}
# A line that names onbox has one of these if it holds a copy, or the rest of one.
_SIGNS = (b" onbox[", COOKIE, b'"SYSLOG_IDENTIFIER"', b'"prev"')


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

    `lost` were copied, and the journal does not have them, or has others with their numbers.
    It was `set_back` if such another record was copied later than the lost one.
    `differing` has the copies of each number of which there are different ones.
    `unrecorded` are runs whose result no journal could take, so that only syslog has it.
    `others` counts copies by the names of other hosts, `unreadable` those that are truncated, garbled or forged.
    """

    compared: int = 0
    lost: list[int] = field(default_factory=list)
    set_back: bool = False
    differing: dict[int, list[Version]] = field(default_factory=dict)
    chains: list[OtherChain] = field(default_factory=list)
    without_copy: list[int] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True)
class _Copy:
    """A copy in the form that onbox gives it, and where it stands.

    The hash of a copy that is WHOLE proves its content; another one has fields left out, or was garbled or forged.
    """

    line: int
    seq: int
    prev: str
    hash: str
    whole: bool
    record: Record

    def agrees_with(self, record: Record) -> bool:
        """Tell whether RECORD has all that stands in this copy."""
        besides = {"hash", "omitted", *self.record.get("omitted", ())}
        return all(record.get(name) == value for name, value in self.record.items() if name not in besides)


def compare(journal: Path, copies: Path, host: Sequence[str], heads: Collection[str] = ()) -> Comparison:
    """Compare the JOURNAL of HOST, given as its name and its machine ID, with the file COPIES.

    A copy is of HOST if it has one of them.
    Another chain is no damage if its last hash is one of HEADS, noted when its journal was moved away.

    Raises:
        OnboxError: if a file can't be read.
    """
    try:
        log, _ = read_text(copies)
    except OSError as error:
        raise OnboxError("copies-unreadable", path=copies, detail=error.strerror) from None
    # Read after the copies: a record is copied after it is written.
    records = Reader(journal, may_be_missing=True).records
    # A record could claim any hash, so it is computed again.
    held = {(record["seq"], digest(record)): record for record in records if type(record.get("seq")) is int}
    found, same, strange = Comparison(), dict[int, _Copy](), list[_Copy]()
    for copy in _copies_of(host, log, found):
        record = held.get((copy.seq, copy.hash))
        if record is None:
            strange.append(copy)
        elif copy.agrees_with(record):
            same.setdefault(copy.seq, copy)
        else:
            found.unreadable += 1
    known = {copy.hash for copy in strange if copy.whole and copy.hash in heads}
    runs, gone = {record["run"] for record in held.values()}, list[_Copy]()
    for chain in _chains(strange):
        if _is_of(chain, held, runs):
            gone += chain
        else:
            found.chains.append(OtherChain(chain[0].seq, chain[-1].seq, chain[-1].hash, chain[-1].hash in known))
    numbers = {copy.seq for copy in gone}
    found.set_back = any(copy.seq in same and copy.line < same[copy.seq].line for copy in gone)
    found.lost = sorted(numbers if found.set_back else numbers - same.keys())
    versions: dict[int, dict[str, Version]] = {}
    for copy in sorted([*same.values(), *gone], key=lambda copy: (copy.seq, copy.line)):
        version = Version(copy.line, copy.hash, (copy.seq, copy.hash) in held)
        versions.setdefault(copy.seq, {}).setdefault(copy.hash, version)
    found.differing = {seq: list(each.values()) for seq, each in versions.items() if len(each) > 1}
    found.compared = len(same)
    found.without_copy = sorted({seq for seq, _ in held} - same.keys())
    return found


def _copies_of(host: Sequence[str], log: bytes, found: Comparison) -> Iterator[_Copy]:
    """Yield the copies of numbered records of HOST in LOG, and count the others in FOUND."""
    for number, line in enumerate(log.split(b"\n"), 1):
        record = _record_in(line.strip())
        if record is None:
            found.unreadable += b"onbox" in line and any(sign in line for sign in _SIGNS)
            continue
        of, seq, run = record["host"], record["seq"], record["run"]
        if of["name"] not in host and of.get("machine_id") not in host:
            found.others[of["name"]] = found.others.get(of["name"], 0) + 1
        elif seq is not None:
            yield _Copy(number, seq, record["prev"], record["hash"], digest(record) == record["hash"], record)
        elif run not in found.unrecorded:
            found.unrecorded.append(run)


def _record_in(line: bytes) -> Record | None:
    """Give the record in LINE: behind the cookie, alone, or as a text in an object of journald or a SIEM."""
    found = object_of(line if line.startswith(b"{") else line.partition(COOKIE)[2]) or {}
    texts = [value.encode("utf-8", "replace") for value in found.values() if isinstance(value, str)]
    candidates = (found, *(object_of(text.partition(COOKIE)[2]) or {} for text in texts))
    return next(filter(_is_copy, candidates), None)


def _is_copy(record: Record) -> bool:
    """Tell whether RECORD has the form of a copy, so that onbox can have sent it."""
    record = {"omitted": [], **record}
    return (
        all(isinstance(record.get(name), kind) for name, kind in _FORM.items())
        and isinstance(record["host"].get("name"), str)
        and all(name in tuple(SPARE) for name in record["omitted"])
    )


def _chains(strange: list[_Copy]) -> list[list[_Copy]]:
    """Give the STRANGE copies in chains; only a copy that is whole proves which one is before it."""
    chains: dict[tuple[int, str], list[_Copy]] = {}
    for copy in sorted(strange, key=lambda copy: (copy.seq, copy.hash, not copy.whole, copy.line)):
        before = chains.pop((copy.seq - 1, copy.prev), []) if copy.whole else []
        chains.setdefault((copy.seq, copy.hash), before).append(copy)
    return list(chains.values())


def _is_of(chain: list[_Copy], held: dict[tuple[int, str], Record], runs: set[str]) -> bool:
    """Tell whether CHAIN belongs to the journal with the records HELD of RUNS, not to one before it or after it.

    A chain that is proven from its record 1 on began in another journal, if nothing in it is of this one.
    """
    begin = next((record["time"] for record in held.values()), "")
    from_its_first = chain[0].seq == 1 and chain[0].whole
    return not held or any(
        (copy.seq - 1, copy.prev) in held
        or copy.record["run"] in runs
        or (copy.record["time"] >= begin and not from_its_first)
        for copy in chain
    )
