"""The audit trail in the formats of others, held to what their schemas ask for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.audit import export as exports
from onbox.audit.export import (
    CSV,
    ECS,
    OCSF_AUTHENTICATION,
    OCSF_BOTH,
    OCSF_ENTITY_MANAGEMENT,
    Field,
    cell,
    ecs,
    export,
    mapped,
    ocsf,
)
from onbox.audit.reader import record_of

if TYPE_CHECKING:
    from history import History

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "audit.md"

# ECS 8.11: the values that event.type may have in these two categories.
ECS_TYPES = {
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "authentication": {"start", "end", "info"},
}
# OCSF 1.3.0 with the profile host: what each class requires.
OCSF_REQUIRED = {
    3004: {"activity_id", "category_uid", "class_uid", "entity", "metadata", "severity_id", "time", "type_uid"},
    3002: {
        "activity_id",
        "category_uid",
        "class_uid",
        "metadata",
        "severity_id",
        "time",
        "type_uid",
        "user",
        "service",
    },
}


def told(history: History) -> list[dict[str, Any]]:
    """Return records of every event."""
    history.run()
    history.run("failure", ticket=None, note=None)
    history.resolve(history.run("unknown"))
    history.denied()
    history.refused()
    history.attempt()
    history.path.write_bytes(history.path.read_bytes() + b"{")
    history.settle()
    return history.records()


def written(records: list[dict[str, Any]], form: str) -> str:
    """Return what is written of *records* in the format *form*."""
    stream = io.StringIO(newline="")
    export(records, form, stream)
    return stream.getvalue()


def table_in(document: str, title: str) -> list[tuple[str, str]]:
    """Return field and member of each row of the table below *title*."""
    lines = document.partition(f"\n#### {title}\n")[2].partition("\n#")[0].splitlines()
    rows = [[cell.strip(" `") for cell in line.split("|")[1:3]] for line in lines if line.startswith("| `")]
    return [(field, member) for field, member in rows]


@pytest.mark.parametrize(
    ("title", "table", "elsewhere"),
    [
        ("ECS", ECS, ()),
        ("OCSF, every record", OCSF_BOTH, ()),
        ("OCSF, Entity Management", OCSF_ENTITY_MANAGEMENT, OCSF_BOTH),
        ("OCSF, Authentication", OCSF_AUTHENTICATION, OCSF_BOTH),
    ],
)
def test_documented_mapping_is_the_real_one(title: str, table: tuple[Field, ...], elsewhere: tuple[Field, ...]) -> None:
    """Whoever writes a rule in a SIEM can rely on the tables of the documentation, row by row."""
    expected = [(field.target, field.source) for field in table if field not in elsewhere]

    assert expected == table_in(DOCUMENT.read_text("utf-8"), title)


def test_documented_columns_are_the_real_ones() -> None:
    """The columns of a CSV file stand in the documentation in their order."""
    assert ", ".join(f"`{field.target}`" for field in CSV) in DOCUMENT.read_text("utf-8")


def test_ecs_event_is_categorised_as_the_schema_allows(history: History) -> None:
    """Category, type and outcome come from the lists of the schema, and a change is a change."""
    for record in told(history):
        event = ecs(record)["event"]
        [category], types = event["category"], event["type"]

        assert set(types) <= ECS_TYPES[category]
        assert event["outcome"] in {"success", "failure", "unknown"}
        assert (types == ["change"]) == record["event"].startswith("resync.")
        assert (category == "authentication") == record["event"].startswith("admin.")
        assert record["event"] == event["action"]


def test_ecs_event_of_a_result(history: History) -> None:
    """Who, where, why, with what and for how long stand in the fields of the schema."""
    run = history.run()
    event = ecs(history.records()[-1])
    expected = {
        "@timestamp": history.records()[-1]["time"],
        "user": {"name": "ocadmin"},
        "host": {"name": "am1.example.com", "hostname": "am1.example.com", "id": "0123456789abcdef" * 2},
        "source": {"address": "192.0.2.7", "ip": "192.0.2.7"},
        "related": {"user": ["ocadmin", "rsaadmin"], "hosts": ["am1.example.com"]},
    }

    assert expected == {name: event[name] for name in expected}
    assert 12_345_000_000 == event["event"]["duration"]
    assert "tokens-deleted" == event["event"]["reason"]
    assert run == event["onbox"]["run"]
    assert event["process"]["command_line"].startswith(event["process"]["executable"] + " store -o ocadmin")


def test_what_is_not_known_is_left_out(history: History) -> None:
    """A field that would be empty is missing, for an empty text is a value too in a SIEM."""
    history.refused()
    event = ecs(history.records()[-1])

    assert "user" not in event
    assert "reason" not in event["event"]
    assert "args" not in event["process"]
    assert "change" not in event["onbox"]


@pytest.mark.parametrize(("text", "expected"), [("2001:db8::1", "2001:db8::1"), ("tmux(1234)", None), (7, None)])
def test_address_that_is_none_is_no_ip(history: History, text: Any, expected: Any) -> None:
    """SSH_CONNECTION can hold anything, and a field of type ip that doesn't hold one loses the whole event."""
    history.run()
    record = history.records()[-1]
    record["actor"]["from"] = text

    assert text == ecs(record)["source"]["address"]
    assert expected == ecs(record)["source"].get("ip")
    assert expected == ocsf(record).get("src_endpoint", {}).get("ip")


def test_ocsf_event_has_what_its_class_requires(history: History) -> None:
    """Each event has the required attributes, and a type that is made of class and activity."""
    for record in told(history):
        event = ocsf(record)

        assert set() == OCSF_REQUIRED[event["class_uid"]] - set(event)
        assert event["class_uid"] * 100 + event["activity_id"] == event["type_uid"]
        assert event["class_uid"] // 1000 == event["category_uid"]
        assert {"product", "version"} <= set(event["metadata"])
        assert event["severity_id"] in range(1, 4)
        assert {"success": 1, "failure": 2, "refused": 2, "unknown": 0}[record["outcome"]] == event["status_id"]
        assert (event["activity_name"] == "Update") == record["event"].startswith("resync.")
        assert (3002 == event["class_uid"]) == record["event"].startswith("admin.")


def test_ocsf_event_of_a_result(history: History) -> None:
    """An update of the marker time by the administrator, in milliseconds."""
    run = history.run()
    event = ocsf(history.records()[-1])

    assert (3004, 3, 300403) == (event["class_uid"], event["activity_id"], event["type_uid"])
    assert {"name": "ocadmin"} == event["actor"]["user"]
    assert 12_345 == event["duration"]
    assert run == event["metadata"]["correlation_uid"]
    assert "by accident" == event["comment"]
    assert event["entity"]["uid"].endswith("marker_time")
    assert "GLOBAL" == event["entity"]["data"]["instance"]


def test_ocsf_actor_is_the_account_where_no_administrator_is_known(history: History) -> None:
    """A refusal before the name was asked for still has an actor."""
    history.refused()

    assert {"name": "rsaadmin"} == ocsf(history.records()[-1])["actor"]["user"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (5, "5"),
        (-5, "-5"),
        (["a", "b\x07"], r"a\nb\x07"),
        ([], ""),
        ({"a": 1}, '{"a": 1}'),
        ("M\u00fcller", "M\u00fcller"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        (["=1"], "'=1"),
        ("\t=1", r"\t=1"),
        ("a\r\n=1", r"a\r\n=1"),
        ("\x1b[31m\u202e", r"\x1b[31m\u202e"),
    ],
)
def test_cell_is_safe_for_terminals_and_spreadsheets(value: Any, expected: str) -> None:
    """A cell is one printable line, and no text that somebody typed is computed."""
    assert expected == cell(value)


def test_csv_has_a_line_for_each_record(history: History) -> None:
    """Every record is one line below the names of the columns, and is read back by any CSV reader."""
    history.run(note='say "=1+1",\nplease')
    text = written(history.records(), "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert 4 == len(text.splitlines())
    assert ["admin.verified", "resync.attempt", "resync.result"] == [row["event"] for row in rows]
    assert r'say "=1+1",\nplease' == rows[-1]["note"]
    assert rows[-1]["process.argv"].endswith("marker_time 0 GLOBAL")
    assert "12.345" == rows[-1]["process.seconds"]


def test_jsonl_is_the_journal_itself(history: History) -> None:
    """What was exported can be verified like the journal."""
    told(history)

    assert history.path.read_bytes() == written(history.records(), "jsonl").encode()


@pytest.mark.parametrize("form", ["jsonl", "ecs", "ocsf"])
def test_json_stays_ascii(history: History, form: str) -> None:
    """No escape sequence that somebody typed reaches a terminal or a file as such."""
    history.run(note="\x1b]0;title\x07\u202e\u00e4")

    assert all(32 <= byte < 127 or byte == 10 for byte in written(history.records(), form).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ["actor", "process", "reason", "note", "ticket", "evidence", "message", "seq", "host", "hash", "change"]
GROUPS = {"actor": ["admin", "from", "uid"], "process": ["argv", "exit_code", "seconds"], "host": ["name"]}


@given(
    st.dictionaries(st.sampled_from(MEMBERS), JSON),
    st.sampled_from(list(GROUPS)).flatmap(
        lambda group: st.fixed_dictionaries({group: st.dictionaries(st.sampled_from(GROUPS[group]), JSON)})
    ),
    st.sampled_from(["admin.denied", "resync.result", "anything"]),
)
def test_no_record_breaks_an_export(members: dict[str, Any], group: dict[str, Any], event: str) -> None:
    """Whoever wrote the file, each record becomes one line that is read back."""
    record = {"event": event, "outcome": "?", "run": "r", "time": "2026-11-24T11:00:00Z", **members, **group}

    assert record == record_of(json.dumps(record).encode())
    assert all(isinstance(json.loads(written([record], form)), dict) for form in ("jsonl", "ecs", "ocsf"))
    assert 2 == len(list(csv.reader(io.StringIO(written([record], "csv"), newline=""))))
    assert 2 == len(written([record], "csv").splitlines())


def test_fields_are_nested_at_their_dots() -> None:
    """A table names a field as its users write it."""
    table = (Field("a.b", "x.y"), Field("a.c", "", len), Field("d", "nothing"))

    assert {"a": {"b": 0, "c": 1}} == mapped({"x": {"y": 0}}, table)


def test_export_is_utf8_whatever_the_locale_says(history: History) -> None:
    """A spreadsheet gets one encoding, also from a console that speaks another."""
    history.run(note="M\u00fcller")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="latin-1")

    export(history.records(), "csv", stream)

    assert "M\u00fcller".encode() in raw.getvalue()
    assert raw.getvalue().endswith(b"\r\n")


def test_versions_of_the_schemas_are_documented() -> None:
    """The documentation names the versions that the events claim."""
    text = DOCUMENT.read_text("utf-8")

    assert f"ECS {exports.ECS_VERSION}" in text
    assert f"OCSF {exports.OCSF_VERSION}" in text
