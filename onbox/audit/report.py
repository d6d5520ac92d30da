"""What the audit trail says: the runs in a list, one run as a page, and what is still open."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from onbox.audit.reader import Reader, member
from onbox.audit.record import ABANDONED, ATTEMPT, DENIED, REFUSED, RESOLVED, RESULT, Record
from onbox.audit.runs import admin_of, time_of, unfinished
from onbox.errors import OnboxError

COLUMNS = ("time (UTC)", "run", "outcome", "administrator", "reason or event")
SHORT_ID = 8
_SHORT_ADMIN = 16
_MOST_NAMED = 5
_DAY = timedelta(days=1)
_GLANCE = 100  # records
_ENDINGS = frozenset({RESULT, REFUSED, DENIED, ABANDONED, RESOLVED})
# Written about a run by somebody who came later.
_AFTERWARDS = frozenset({ABANDONED, RESOLVED})
# What finds lines without reading them as JSON.
# No text on record can imitate it: a quotation mark inside a canonical string has a backslash in front.
OPEN_OR_RESOLVED = re.compile(rb'"event":"r(?:un\.(?:abandoned|resolved)"|esync\.result".*"outcome":"unknown")')
DENIAL = re.compile(b'"event":"admin\\.denied"')


@dataclass(frozen=True)
class Query:
    """Which records of a list are wanted, and how many at most."""

    last: int = 20
    since: datetime | None = None
    outcome: str | None = None
    admin: str | None = None

    @property
    def lines(self) -> re.Pattern[bytes]:
        """What finds the lines that may be wanted; the members of a record stand in the order of the alphabet."""
        admin = b"" if self.admin is None else b'"admin":' + _quoted(self.admin) + b".*"
        event = b'"event":"(?:' + b"|".join(re.escape(name.encode()) for name in sorted(_ENDINGS | {ATTEMPT})) + b')"'
        outcome = b"" if self.outcome is None else b'.*"outcome":' + _quoted(self.outcome)
        return re.compile(admin + event + outcome)

    def wants(self, record: Record) -> bool:
        """Tell whether RECORD belongs into the list."""
        return (
            (self.since is None or time_of(record) >= self.since)
            and self.outcome in (None, record["outcome"])
            and self.admin in (None, member(record, "actor.admin"))
        )


def _quoted(text: str) -> bytes:
    return re.escape(json.dumps(text).encode("ascii"))


def moment(text: str) -> datetime:
    """Read a date or an ISO time; it is UTC unless it says otherwise.

    Raises:
        OnboxError: when it is neither.
    """
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise OnboxError("time-unreadable", answer=repr(text)) from None


def endings(newest_first: Iterable[Record], query: Query, left: Record | None) -> Iterator[Record]:
    """Yield what QUERY wants of the records that say how a run ended, and of LEFT.

    LEFT is the attempt without a result, if the last run left one.
    """
    since = query.since
    if since is not None:
        # A clock that was set back leaves records out of order, by no more than a day.
        newest_first = takewhile(lambda record: time_of(record) >= since - _DAY, newest_first)
    ended = (record for record in newest_first if record["event"] in _ENDINGS or record == left)
    return islice(filter(query.wants, ended), query.last)


def listed(journal: Reader, query: Query) -> list[Record]:
    """Give what QUERY wants of JOURNAL, the newest first; only as much is read as is needed."""
    return list(endings(journal.newest_first(query.lines), query, unfinished(journal.newest_first())))


def time_shown(record: Record) -> str:
    """Give the time of RECORD in UTC, to the second."""
    return f"{time_of(record):%Y-%m-%d %H:%M:%S}"


def brief(admin: str) -> str:
    """Give the name of an administrator, or as much of it as a table has room for."""
    return admin if len(admin) <= _SHORT_ADMIN else admin[: _SHORT_ADMIN - 3] + "..."


def row(record: Record) -> tuple[str, ...]:
    """Give the COLUMNS of one RECORD in a list, narrow enough for 80 columns."""
    event = record["event"]
    reason = _text(record.get("reason")) if event == RESULT else ""
    return (
        time_shown(record),
        record["run"][:SHORT_ID],
        record["outcome"],
        brief(admin_of(record) or "-"),
        "no result" if event == ATTEMPT else reason or event,
    )


def summary(record: Record) -> dict[str, Any]:
    """Give the same for a program, with every text as it is on record."""
    names = ("time", "run", "event", "outcome", "reason", "ticket", "note", "message")
    return {name: record.get(name) for name in names} | {"admin": member(record, "actor.admin")}


def last_runs(newest_first: Iterable[Record]) -> list[str]:
    """Give the ids of the last runs, the newest first, as far as a glance at the end of the journal shows them."""
    return list(dict.fromkeys(record["run"] for record in islice(newest_first, _GLANCE)))


def line_of_run(prefix: str) -> re.Pattern[bytes]:
    """Give what finds the lines of the runs whose id begins with PREFIX."""
    return re.compile(b'"run":' + _quoted(prefix)[:-1])


def one_run(oldest_first: Iterable[Record], prefix: str) -> list[Record]:
    """Give the records of the one run whose id is, or begins with, PREFIX.

    Raises:
        OnboxError: when there is none, or more than one.
    """
    runs: dict[str, list[Record]] = {}
    for record in oldest_first:
        if record["run"].startswith(prefix):
            runs.setdefault(record["run"], []).append(record)
    if prefix in runs:
        return runs[prefix]
    if not runs:
        raise OnboxError("run-unknown", run=repr(prefix))
    if len(runs) > 1:
        names = [repr(run)[1:-1] for run in islice(runs, _MOST_NAMED)] + ["..."] * (len(runs) > _MOST_NAMED)
        raise OnboxError("run-ambiguous", run=repr(prefix), count=len(runs), runs=", ".join(names))
    return runs.popitem()[1]


def last_ending(records: Sequence[Record]) -> Record | None:
    """Give the record that says how a run ended, of its RECORDS in their order; the last word counts."""
    return next((record for record in reversed(records) if record["event"] in _ENDINGS), None)


def is_open(records: Sequence[Record]) -> bool:
    """Tell whether it is still unknown what the run with these RECORDS changed."""
    ending = last_ending(records)
    if ending is None:
        return any(record["event"] == ATTEMPT for record in records)
    return ending["event"] in (RESULT, ABANDONED) and ending["outcome"] == "unknown"


def page(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Give one run, by its RECORDS in their order, as names and values to be put into a change ticket."""
    ending = last_ending(records)
    own = [record for record in records if record["event"] not in _AFTERWARDS] or list(records)
    rows = [
        ("Run", own[0]["run"]),
        ("Outcome", _outcome(records, ending)),
        ("Resolved", _resolution(ending) if ending and ending["event"] == RESOLVED else ""),
        ("Time", f"{time_shown(own[0])} to {time_shown(own[-1])} UTC"),
        ("Host", _known(own, "host.name")),
        ("Administrator", _known(own, "actor.admin")),
        ("Reason", _known(own, "reason")),
        ("Ticket", _known(own, "ticket")),
        ("Note", _known(own, "note")),
        ("Account", _account(own[-1])),
        ("Command", shlex.join(_lines(own[-1], "process.argv"))),
        ("Exit", _end_of_process(own[-1])),
        *(("rsautil", line) for line in _lines(own[-1], "transcript") or _lines(own[-1], "evidence")),
        *(("Warning", line) for line in _lines(own[-1], "warnings")),
        ("onbox", _known(own, "onbox.version")),
        *(("Record", f"{_text(record.get('seq'))} {time_shown(record)} {record['event']}") for record in records),
        ("Last hash", _known(records, "hash")),
    ]
    return [(name, value) for name, value in rows if value]


def markdown(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Give ROWS as a Markdown list; the values stand in code spans, where no character means anything."""
    return [
        "# Resynchronisation of High Availability Tokencodes",
        "",
        *(f"- {name}: {_code(text)}" for name, text in rows),
    ]


def _code(text: str) -> str:
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if len(fence) > 1 else ""
    return f"{fence}{space}{text}{space}{fence}"


def _outcome(records: Sequence[Record], ending: Record | None) -> str:
    if ending is None:
        if is_open(records):
            return "unknown: the update was about to be run, and no result is on record"
        return "none on record: the update was never tried (a dry run, or a run that was cut off)"
    return ": ".join(filter(None, (ending["outcome"], _text(ending.get("message")))))


def _resolution(ending: Record) -> str:
    return f"{time_shown(ending)} UTC by {_account(ending)}: {_text(ending.get('note'))}"


def _account(record: Record) -> str:
    parts = (("", "os_user"), ("uid ", "uid"), ("login uid ", "login_uid"), ("on ", "tty"), ("from ", "from"))
    said = [(words, _text(member(record, f"actor.{name}"))) for words, name in parts]
    return ", ".join(words + value for words, value in said if value)


def _end_of_process(record: Record) -> str:
    parts = (("exit code ", "exit_code", ""), ("signal ", "signal", ""), ("after ", "seconds", " s"))
    said = [(words, _text(member(record, f"process.{name}")), unit) for words, name, unit in parts]
    return ", ".join(words + value + unit for words, value, unit in said if value)


def _known(records: Sequence[Record], path: str) -> str:
    """Give what the last of RECORDS that has anything at PATH says there."""
    return next(filter(None, (_text(member(record, path)) for record in reversed(records))), "")


def _lines(record: Record, path: str) -> list[str]:
    lines = member(record, path)
    return [_text(line) for line in lines] if isinstance(lines, list) else []


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value, for nobody checked what a journal holds
    return "" if value is None else str(value)


def open_runs(newest_first: Iterable[Record], left: Record | None) -> list[Record]:
    """Give one record of each run whose outcome is unknown and not yet resolved, the newest first.

    LEFT is the attempt without a result, if the last run left one; OPEN_OR_RESOLVED finds all others.
    """
    found = [left] if left else []
    settled = {record["run"] for record in found}
    for record in newest_first:
        if record["run"] not in settled:
            settled.add(record["run"])
            if record["event"] in (RESULT, ABANDONED) and record["outcome"] == "unknown":
                found.append(record)
    return found


def recent_denials(newest_first: Iterable[Record], since: datetime) -> dict[str, list[datetime]]:
    """Give the times at which checks failed SINCE then, the oldest first, by administrator."""
    found: dict[str, list[datetime]] = {}
    for record in takewhile(lambda record: time_of(record) >= since - _DAY, newest_first):
        if record["event"] == DENIED and time_of(record) >= since:
            found.setdefault(admin_of(record), []).append(time_of(record))
    return {admin: times[::-1] for admin, times in found.items()}
