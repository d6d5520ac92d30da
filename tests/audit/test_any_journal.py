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
from onbox.audit.record import Fields
from onbox.audit.verify import verify
from onbox.screen import status, verification
from onbox.screen.console import Console
from onbox.screen.runs import listed, page, row, summary

if TYPE_CHECKING:
    import pytest

NAMES = st.sampled_from([*Fields.__annotations__, "omitted", "admin", "argv"])
TIMES = ["2026-11-24T11:00:00.000000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
TEXTS = st.sampled_from(["resync.attempt", "resync.result", "admin.denied", "run.resolved", *TIMES, "a"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | TEXTS
JSON = st.recursive(
    PLAIN | st.text(st.characters(categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=6,
)


@given(records=st.lists(st.dictionaries(NAMES, TEXTS | JSON), max_size=5))
def test_any_records_are_listed_shown_exported_and_verified(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    """Records of any types, which somebody wrote into the file, are shown or counted, and end no command."""
    path = tmp_path_factory.mktemp("any") / "audit.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))

    journal = Reader(path, may_be_missing=False)
    endings = listed(journal, 20)
    Console().table(("",) * 5, [row(record) for record in endings])
    found = status.Status(journal.records, path, datetime(2026, 11, 24, tzinfo=UTC))
    status.tell(found, Console())
    told = [[summary(record) for record in endings], status.as_json(found)]
    for run in {record["run"] for record in journal.records}:
        Console().facts(page(one_run(journal.records, run)))
        told.append(one_run(journal.records, run))
    for form in ("csv", "jsonl"):
        export(journal.unchanged, form, io.StringIO())
    whole = verify(path)
    beside = compare(path, path, host=["am1"])
    findings = verification.findings(whole, beside)
    Console().table(("",) * 4, findings)

    assert json.loads(json.dumps([*told, verification.as_json(whole, beside, findings)]))
    assert len(records) == journal.damaged + journal.bad
