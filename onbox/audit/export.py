"""The audit trail in the formats of others: tables that say which member of a record becomes which of their fields.

`docs/audit.md` shows the same tables.
"""

import csv
import io
import ipaddress
import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TextIO

from onbox.audit.reader import member
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, REPAIRED, RESULT, VERIFIED, Record, canonical
from onbox.audit.runs import time_of
from onbox.errors import OnboxError
from onbox.harmless import harmless

_UPDATES = frozenset({ATTEMPT, RESULT, REFUSED})
_LOGINS = frozenset({VERIFIED, DENIED})
ECS_VERSION, OCSF_VERSION = "8.11.0", "1.3.0"
_LONG = 10**9  # more seconds than any process takes
# What a spreadsheet takes for the beginning of a formula, the full-width forms included.
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


class Field(NamedTuple):
    """TARGET, a field of another format, is what CONVERT makes of the member of a record at SOURCE."""

    target: str
    source: str
    convert: Callable[[Any], Any] = lambda value: value


def _always(value: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any JSON value
    return lambda _: value


def _one_of(table: Mapping[str, Any], otherwise: Any) -> Callable[[Any], Any]:  # noqa: ANN401
    return lambda value: table.get(value, otherwise)


def _times(factor: int) -> Callable[[Any], Any]:
    return lambda value: round(value * factor) if isinstance(value, (int, float)) and value < _LONG else None


def _milliseconds(record: Record) -> int:
    return round(time_of(record).timestamp() * 1000)


def _number_as_text(value: Any) -> str | None:  # noqa: ANN401
    return None if value is None else str(value)


def _command_line(argv: Any) -> str | None:  # noqa: ANN401
    return shlex.join(map(str, argv)) if isinstance(argv, list) else None


def _first(argv: Any) -> Any:  # noqa: ANN401
    return argv[0] if isinstance(argv, list) and argv else None


def _ip(value: Any) -> str | None:  # noqa: ANN401
    try:
        return str(ipaddress.ip_address(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _users(actor: Any) -> list[Any]:  # noqa: ANN401
    names = (actor.get("admin"), actor.get("os_user")) if isinstance(actor, dict) else ()
    return [name for name in names if name]


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401
    return [value] if value else []


def _admin_or_user(actor: Any) -> Any:  # noqa: ANN401
    return next(iter(_users(actor)), None)


_ECS_TYPES = {
    **{event: ["change"] for event in _UPDATES},
    **{event: ["start"] for event in _LOGINS},
}
_ECS_OUTCOMES = {"success": "success", "failure": "failure", "refused": "failure"}

ECS = (
    Field("@timestamp", "time"),
    Field("ecs.version", "", _always(ECS_VERSION)),
    Field("event.kind", "", _always("event")),
    Field("event.category", "event", lambda event: ["authentication" if event in _LOGINS else "configuration"]),
    Field("event.type", "event", _one_of(_ECS_TYPES, ["info"])),
    Field("event.action", "event"),
    Field("event.outcome", "outcome", _one_of(_ECS_OUTCOMES, "unknown")),
    Field("event.provider", "", _always("onbox")),
    Field("event.dataset", "", _always("onbox.audit")),
    Field("event.sequence", "seq"),
    Field("event.id", "hash"),
    Field("event.hash", "hash"),
    Field("event.reason", "reason"),
    Field("event.duration", "process.seconds", _times(10**9)),
    Field("message", "message"),
    Field("user.name", "actor.admin"),
    Field("related.user", "actor", _users),
    Field("related.hosts", "host.name", _as_list),
    Field("host.name", "host.name"),
    Field("host.hostname", "host.name"),
    Field("host.id", "host.machine_id"),
    Field("source.address", "actor.from"),
    Field("source.ip", "actor.from", _ip),
    Field("process.executable", "process.argv", _first),
    Field("process.args", "process.argv"),
    Field("process.command_line", "process.argv", _command_line),
    Field("process.exit_code", "process.exit_code"),
    Field("process.user.name", "actor.os_user"),
    Field("process.user.id", "actor.uid", _number_as_text),
    Field("onbox.run", "run"),
    Field("onbox.ticket", "ticket"),
    Field("onbox.note", "note"),
    Field("onbox.change", "change"),
    Field("onbox.evidence", "evidence"),
    Field("onbox.transcript", "transcript"),
    Field("onbox.warnings", "warnings"),
    Field("onbox.signal", "process.signal"),
    Field("onbox.login_uid", "actor.login_uid"),
    Field("onbox.session", "actor.session"),
    Field("onbox.tty", "actor.tty"),
    Field("onbox.version", "onbox.version"),
    Field("onbox.settings", "onbox.settings"),
    Field("onbox.schema", "schema"),
    Field("onbox.prev", "prev"),
)

_SEVERITIES = {"success": 1, "refused": 2, "failure": 3, "unknown": 3}
_SEVERITY_NAMES = {"success": "Informational", "refused": "Low", "failure": "Medium", "unknown": "Medium"}
_STATUSES = {"success": 1, "failure": 2, "refused": 2}
_STATUS_NAMES = {"success": "Success", "failure": "Failure", "refused": "Failure"}
_MARKER = "High Availability Tokencode sync marker time"

OCSF_BOTH = (
    Field("category_uid", "", _always(3)),
    Field("category_name", "", _always("Identity & Access Management")),
    Field("time", "", _milliseconds),
    Field("severity_id", "outcome", _one_of(_SEVERITIES, 0)),
    Field("severity", "outcome", _one_of(_SEVERITY_NAMES, "Unknown")),
    Field("status_id", "outcome", _one_of(_STATUSES, 0)),
    Field("status", "outcome", _one_of(_STATUS_NAMES, "Unknown")),
    Field("status_code", "process.exit_code", _number_as_text),
    Field("status_detail", "outcome"),
    Field("message", "message"),
    Field("duration", "process.seconds", _times(1000)),
    Field("metadata.version", "", _always(OCSF_VERSION)),
    Field("metadata.profiles", "", _always(["host"])),
    Field("metadata.product.name", "", _always("onbox")),
    Field("metadata.product.vendor_name", "", _always("onbox")),
    Field("metadata.product.version", "onbox.version"),
    Field("metadata.uid", "hash"),
    Field("metadata.correlation_uid", "run"),
    Field("metadata.event_code", "event"),
    Field("metadata.sequence", "seq"),
    Field("metadata.original_time", "time"),
    Field("actor.user.name", "actor", _admin_or_user),
    Field("actor.session.uid", "actor.session", _number_as_text),
    Field("actor.session.terminal", "actor.tty"),
    Field("device.type_id", "", _always(1)),
    Field("device.type", "", _always("Server")),
    Field("device.hostname", "host.name"),
    Field("device.uid", "host.machine_id"),
    Field("src_endpoint.ip", "actor.from", _ip),
    Field("unmapped.reason", "reason"),
    Field("unmapped.ticket", "ticket"),
    Field("unmapped.process", "process"),
    Field("unmapped.evidence", "evidence"),
    Field("unmapped.transcript", "transcript"),
    Field("unmapped.warnings", "warnings"),
    Field("unmapped.os_user", "actor.os_user"),
    Field("unmapped.uid", "actor.uid"),
    Field("unmapped.login_uid", "actor.login_uid"),
    Field("unmapped.from", "actor.from"),
    Field("unmapped.settings", "onbox.settings"),
    Field("unmapped.schema", "schema"),
    Field("unmapped.prev", "prev"),
)
OCSF_ENTITY_MANAGEMENT = (
    Field("class_uid", "", _always(3004)),
    Field("class_name", "", _always("Entity Management")),
    Field("activity_id", "event", lambda event: 3 if event in _UPDATES else 99),
    Field("activity_name", "event", lambda event: "Update" if event in _UPDATES else event),
    Field("type_uid", "event", lambda event: 300403 if event in _UPDATES else 300499),
    *OCSF_BOTH,
    Field("comment", "note"),
    Field("entity.name", "event", _one_of({REPAIRED: "onbox audit journal"}, _MARKER)),
    Field("entity.type_id", "", _always(99)),
    Field("entity.type", "", _always("Configuration")),
    Field("entity.uid", "change.key"),
    Field("entity.data", "change"),
)
OCSF_AUTHENTICATION = (
    Field("class_uid", "", _always(3002)),
    Field("class_name", "", _always("Authentication")),
    Field("activity_id", "", _always(1)),
    Field("activity_name", "", _always("Logon")),
    Field("type_uid", "", _always(300201)),
    *OCSF_BOTH,
    Field("user.name", "actor.admin"),
    Field("service.name", "", _always("RSA Authentication Manager, Operations Console")),
)


def cell(value: Any) -> str:  # noqa: ANN401
    """Give VALUE as one cell: in one line, with nothing that a terminal acts upon or a spreadsheet computes."""
    if isinstance(value, list):
        text = "\\n".join(_line(str(line)) for line in value)
    elif isinstance(value, str):
        text = _line(value)
    else:
        return "" if value is None else json.dumps(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _line(text: str) -> str:
    return text if text.isprintable() else harmless(text)


_CSV_CONVERSIONS: dict[str, Callable[[Any], str]] = {"process.argv": lambda argv: cell(_command_line(argv))}
_CSV_NAMES = (
    *("time", "run", "seq", "event", "outcome", "actor.admin", "reason", "ticket", "note", "message"),
    *("host.name", "host.machine_id", "actor.os_user", "actor.uid", "actor.login_uid", "actor.session"),
    *("actor.tty", "actor.from", "change.key", "change.value", "change.instance", "process.argv"),
    *("process.exit_code", "process.signal", "process.seconds", "evidence", "transcript", "warnings"),
    *("onbox.version", "onbox.settings", "schema", "prev", "hash"),
)
CSV = tuple(Field(name, name, _CSV_CONVERSIONS.get(name, cell)) for name in _CSV_NAMES)


def mapped(record: Record, table: Iterable[Field]) -> dict[str, Any]:
    """Give RECORD with the fields that TABLE names, nested at their dots; what is not known is left out."""
    result: dict[str, Any] = {}
    for target, source, convert in table:
        value = convert(member(record, source))
        if value not in (None, "", [], {}):
            *groups, name = target.split(".")
            place = result
            for group in groups:
                place = place.setdefault(group, {})
            place[name] = value
    return result


def ecs(record: Record) -> dict[str, Any]:
    """Give RECORD as an event of the Elastic Common Schema."""
    return mapped(record, ECS)


def ocsf(record: Record) -> dict[str, Any]:
    """Give RECORD as an event of the Open Cybersecurity Schema Framework: a check as a logon, all else as a change."""
    return mapped(record, OCSF_AUTHENTICATION if record["event"] in _LOGINS else OCSF_ENTITY_MANAGEMENT)


def _write_json(convert: Callable[[Record], Mapping[str, Any]]) -> Callable[[Iterable[Record], TextIO], None]:
    def write(records: Iterable[Record], stream: TextIO) -> None:
        stream.writelines(canonical(convert(record)) + "\n" for record in records)

    return write


def _write_csv(records: Iterable[Record], stream: TextIO) -> None:
    writer = csv.writer(stream)
    writer.writerow(field.target for field in CSV)
    writer.writerows([convert(member(record, source)) for _, source, convert in CSV] for record in records)


# By the name of the format: what writes the records, one after the other, to an open file.
FORMATS: dict[str, Callable[[Iterable[Record], TextIO], None]] = {
    "jsonl": _write_json(lambda record: record),
    "csv": _write_csv,
    "ecs": _write_json(ecs),
    "ocsf": _write_json(ocsf),
}


def export(records: Iterable[Record], form: str, stream: TextIO) -> None:
    """Write RECORDS to STREAM in the format called FORM, as UTF-8 whatever the locale is.

    Raises:
        OnboxError: when they could not be written whole.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="")
    try:
        FORMATS[form](records, stream)
        stream.flush()
    except OSError as error:
        raise OnboxError("export-unwritten", detail=error.strerror) from None
