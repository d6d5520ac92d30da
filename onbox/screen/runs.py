"""What the audit trail says: the runs in a list, one run as a page, and what is still open."""

import shlex
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from onbox.audit.history import ENDINGS, admin_of, is_open, last_ending, time_of, unfinished
from onbox.audit.reader import Reader, member
from onbox.audit.record import ABANDONED, ATTEMPT, RESOLVED, RESULT, Record

COLUMNS = ("time (UTC)", "run", "outcome", "administrator", "reason or event")
SHORT_ID = 8
_SHORT_ADMIN = 16
_MOST_NAMED = 5
_DAY = timedelta(days=1)
# Written about a run by somebody who came later.
_AFTERWARDS = frozenset({ABANDONED, RESOLVED})


def listed(journal: Reader, last: int, outcome: str | None = None) -> list[Record]:
    """Give the LAST records of JOURNAL that say how a run ended, the newest first; with OUTCOME only those."""
    left = unfinished(journal.newest_first())
    ended = (record for record in journal.newest_first() if record["event"] in ENDINGS or record == left)
    return list(islice((record for record in ended if outcome in (None, record["outcome"])), last))


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
