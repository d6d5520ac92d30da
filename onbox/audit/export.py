"""The audit records as JSON lines, or as a table for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, TextIO

from onbox.audit.record import Record, canonical, member
from onbox.errors import OnboxError
from onbox.printable import harmless

# A spreadsheet reads these, and their full-width forms, as the beginning of a formula.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_COLUMNS = (
    *("time", "run", "seq", "event", "outcome", "code", "actor.admin", "reason", "ticket", "note", "message"),
    *("host.name", "host.machine_id", "actor.os_user", "actor.uid", "actor.login_uid", "actor.session"),
    *("actor.tty", "actor.from", "change.key", "change.value", "change.instance", "process.argv"),
    *("process.exit_code", "process.signal", "process.seconds", "evidence", "transcript", "allowed", "warnings"),
    *("onbox.version", "onbox.settings", "schema", "prev", "hash"),
)


def cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Give VALUE as one cell: in one line, with nothing that a terminal acts upon or a spreadsheet computes."""
    if value in (None, []):
        return ""
    text = harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return "'" + text if text.startswith(_FORMULA) else text


def export(records: Iterable[Record], form: str, stream: TextIO) -> None:
    """Write RECORDS to STREAM as FORM, `jsonl` or `csv`, in UTF-8 in every locale.

    Raises:
        OnboxError: if they could not be written completely.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="")
    try:
        if form == "csv":
            rows = ([cell(member(record, name)) for name in _COLUMNS] for record in records)
            csv.writer(stream).writerows([_COLUMNS, *rows])
        else:
            stream.writelines(canonical(record) + "\n" for record in records)
        stream.flush()
    except OSError as error:
        raise OnboxError("output-unwritten", what="export", detail=error.strerror) from None
