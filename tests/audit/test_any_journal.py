"""The commands that read a journal come to their end with any content."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from onbox.audit.copies import compare
from onbox.audit.export import export
from onbox.audit.history import one_run
from onbox.audit.reader import Reader
from onbox.audit.verify import verify
from onbox.identity import Host
from onbox.screen import status, verification
from onbox.screen.console import Console
from onbox.screen.runs import listed, page, row, summary

if TYPE_CHECKING:
    import pytest

EVENTS = ["resync.attempt", "resync.result", "resync.refused", "admin.denied", "run.abandoned", "run.resolved"]
NAMES = [
    *("time", "run", "event", "outcome", "seq", "prev", "hash", "actor", "host", "process", "change", "reason"),
    *("ticket", "note", "message", "evidence", "transcript", "warnings", "onbox", "code", "omitted", "schema"),
]
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    PLAIN | st.text(st.characters(categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "admin", "argv"]), inner),
    max_leaves=6,
)
TIMES = st.sampled_from(["2026-11-24T11:00:00.000000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "x"])
RECORDS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(NAMES, JSON)
    | {"event": st.sampled_from(EVENTS) | JSON, "time": TIMES | JSON, "run": st.sampled_from("ab") | JSON},
)


@given(records=st.lists(RECORDS, max_size=5))
def test_any_records_are_listed_shown_exported_and_verified(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    """Records of any types, which somebody wrote into the file, are shown or counted, and end no command."""
    path = tmp_path_factory.mktemp("any") / "audit.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))

    journal = Reader(path, may_be_missing=False)
    endings = listed(journal, 20)
    Console().table(("",) * 5, [row(record) for record in endings])
    found = status.Status(journal, datetime(2026, 11, 24, tzinfo=UTC))
    status.tell(found, Console())
    told = [[summary(record) for record in endings], status.as_json(found)]
    for run in {record["run"] for record in journal.records}:
        Console().facts(page(one_run(journal.records, run)))
        told.append(one_run(journal.records, run))
    for form in ("csv", "jsonl"):
        export(journal.unchanged, form, io.StringIO())
    whole = verify(path)
    beside = compare(path, path, host=Host("am1", None))
    findings = verification.findings(whole, beside)
    Console().table(("",) * 4, findings)

    assert json.loads(json.dumps([*told, verification.as_json(whole, beside, findings)]))
    assert len(records) == journal.damaged + journal.bad
