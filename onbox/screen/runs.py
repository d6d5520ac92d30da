"""Runs from the audit journal: a list of them, one run as a page, and the last run in a line."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from onbox.audit.history import ENDINGS, LastRun, admin_of, last_word, shown, time_of
from onbox.audit.reader import Reader, member
from onbox.audit.record import ABANDONED, ATTEMPT, RESOLVED, VERIFIED, Record
from onbox.screen.console import Console

COLUMNS = ("time (UTC)", "run", "outcome", "code", "administrator")
SHORT_ID = 8
_SHORT_ADMIN, _SHORT_CODE = 15, 23
# Written about a run by somebody who came later.
_AFTERWARDS = frozenset({ABANDONED, RESOLVED})
# Two truths about an update that have the same outcome and exit code.
_WORDS = {"update-confirmed": "confirmed", "update-accepted": "accepted"}


def listed(journal: Reader, last: int, outcome: str | None = None) -> list[Record]:
    """Give the LAST records of JOURNAL that say how a run ended, the newest first; with OUTCOME only those."""
    found = (record for record in _endings(journal.newest_first()) if outcome in (None, record["outcome"]))
    return list(islice(found, min(last, sys.maxsize)))


def _endings(newest_first: Iterable[Record]) -> Iterator[Record]:
    """Yield what says how a run ended; of a run without a result that is its attempt."""
    ended = set()
    for record in newest_first:
        if record["event"] in ENDINGS:
            ended.add(record["run"])
            yield record
        elif record["event"] == ATTEMPT and record["run"] not in ended:
            yield record


def time_shown(record: Record) -> str:
    """Give the time of RECORD in UTC, to the second."""
    return f"{time_of(record):%Y-%m-%d %H:%M:%S}"


def brief(text: str, most: int = _SHORT_ADMIN) -> str:
    """Give TEXT, a name for example, or as much of it as a table has room for."""
    return text if len(text) <= most else text[: most - 3] + "..."


def word(record: Record) -> str:
    """Give the word for the outcome of RECORD: confirmed, accepted, failed, unknown, refused, or success."""
    if record["outcome"] == "failure":
        return "failed"
    return _WORDS.get(_code(record)) or str(record["outcome"])


def row(record: Record) -> tuple[str, ...]:
    """Give the COLUMNS of one RECORD in a list, narrow enough for 80 columns."""
    return (
        f"{time_of(record):%Y-%m-%d %H:%M}",
        record["run"][:SHORT_ID],
        word(record),
        brief(_code(record) or "-", _SHORT_CODE),
        brief(admin_of(record) or "-"),
    )


def tell(records: Sequence[Record], path: Path, console: Console) -> None:
    """Show RECORDS of the journal at PATH as a list."""
    if records:
        console.table(COLUMNS, [row(record) for record in records])
    else:
        console.say(f"No such record in {path}.")


def last_run_shown(last: LastRun) -> str:
    """Give the LAST run in one line: when, who, how it ended, and its ID."""
    when, who = shown(time_of(last.own)), brief(admin_of(last.own) or "-")
    return f"{when} by {who}: {word(last.word)} ({_code(last.word)}), run {last.own['run'][:SHORT_ID]}"


def summary(record: Record) -> dict[str, Any]:
    """Give RECORD for a program, with every text as it is on record."""
    names = ("time", "run", "event", "outcome", "code", "reason", "ticket", "note", "message")
    return {name: record.get(name) for name in names} | {"admin": member(record, "actor.admin")}


def page(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Give one run, by its RECORDS in their order, as names and values to be put into a change ticket."""
    ending = last_word(records)
    own = [record for record in records if record["event"] not in _AFTERWARDS] or list(records)
    rows = [
        ("Run", own[0]["run"]),
        ("Outcome", _outcome(ending)),
        ("Resolved", _resolution(ending) if ending["event"] == RESOLVED else ""),
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


def _outcome(ending: Record) -> str:
    if ending["event"] == ATTEMPT:
        return "unknown: the update was about to run, and no result is recorded"
    if ending["event"] == VERIFIED:
        return "none: the update was not tried (a dry run, or a run that was cut off)"
    code = f" ({_code(ending)})" if _code(ending) else ""
    return f"{word(ending)}{code}: {_text(ending.get('message'))}".removesuffix(": ")


def _resolution(ending: Record) -> str:
    return f"{time_shown(ending)} UTC by {_account(ending)}: {_text(ending.get('note'))}"


def _account(record: Record) -> str:
    names = {"os_user": "", "uid": "uid ", "login_uid": "login uid ", "tty": "on ", "from": "from "}
    return _joined(record, {f"actor.{name}": words for name, words in names.items()})


def _end_of_process(record: Record) -> str:
    words = {"process.exit_code": "exit code ", "process.signal": "signal ", "process.seconds": "seconds: "}
    return _joined(record, words)


def _joined(record: Record, words: dict[str, str]) -> str:
    """Give the members of RECORD that are known, behind the WORDS for each."""
    found = {path: _text(member(record, path)) for path in words}
    return ", ".join(words[path] + text for path, text in found.items() if text)


def _known(records: Sequence[Record], path: str) -> str:
    """Give what the last of RECORDS that has anything at PATH says there."""
    return next(filter(None, (_text(member(record, path)) for record in reversed(records))), "")


def _lines(record: Record, path: str) -> list[str]:
    lines = member(record, path)
    return [_text(line) for line in lines] if isinstance(lines, list) else []


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value, for nobody checked what a journal holds
    return "" if value is None else str(value)


def _code(record: Record) -> str:
    return _text(record.get("code"))
