"""The commands and their options; the only place that prints JSON and chooses exit codes."""

import os
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, get_args

import typer

from onbox import __version__
from onbox.errors import ExitCode, Message, message, message_of
from onbox.resync.session import Reason, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from onbox.audit.reader import Reader
    from onbox.screen.console import Console

    Fields = Callable[[], dict[str, Any]]
    Show = Callable[[Console], None]

app = typer.Typer(
    name="onbox",
    help="Fully resynchronise the High Availability Tokencodes of RSA Authentication Manager, with audit records.",
    epilog=f"Exit codes: {', '.join(f'{code} {code.meaning}' for code in ExitCode)}.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit = typer.Typer(help="Read and check the audit journal.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit, name="audit")


def _option(metavar: str, text: str, *names: str) -> Any:  # noqa: ANN401 - what Typer makes of an option
    return typer.Option(*names, metavar=metavar, help=text)


Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
File = Annotated[Path | None, _option("PATH", "Read this copy of the audit journal.", "--file")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="ID of the run, or its beginning.", show_default=False)]
Outcome = Literal["success", "failure", "unknown", "refused"]
_ASKED = " (prompted for if omitted)."


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"onbox {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[Path | None, _option("FILE", "Read settings from FILE, not /etc/onbox/onbox.toml.")] = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Keep what holds for every command."""
    context.obj = config


@app.command()
def resync(
    context: typer.Context,
    admin: Annotated[str | None, _option("NAME", f"Operations Console administrator{_ASKED}", "-o", "--admin")] = None,
    reason: Annotated[Reason | None, _option("REASON", f"Why: {', '.join(get_args(Reason))}{_ASKED}")] = None,
    ticket: Annotated[str | None, _option("TEXT", "Number of the change ticket.")] = None,
    note: Annotated[str | None, _option("TEXT", "Details; the reason 'other' requires them.")] = None,
    confirm: Annotated[str | None, _option("HOST", "Name of this host, instead of typing it when asked.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, then stop without the update.")] = False,
    json: Json = False,
) -> None:
    """Synchronise all High Availability Tokencode records again.

    Example: onbox resync -o ocadmin --reason tokens-deleted --ticket CHG-4711
    """
    from onbox.resync.interrupts import Interrupts
    from onbox.screen.prompts import Prompts

    ticket, note = (ticket or "").strip() or None, (note or "").strip() or None
    # Until the result is told: a signal that comes after the attempt never changes the exit code.
    interrupts = Interrupts()
    with closing(Prompts(interrupts.at_once)) as prompts:
        # These take their time, in which the terminal already echoes nothing.
        from onbox.resync.job import resynchronise
        from onbox.screen.console import Console

        request = Request(context.obj, admin, reason, ticket, note, confirm, dry_run)
        console = Console(json=json, waiting=interrupts.at_once)
        ending = resynchronise(request, console, prompts, interrupts)
        interrupts.hold()
        _finish(json, "resync", ending.as_json, lambda _: console.ending(ending), ending.message)


@app.command()
def check(
    context: typer.Context,
    report: Annotated[Path | None, _option("FILE", "Write a support report about this machine to a new file.")] = None,
    json: Json = False,
) -> None:
    """Check whether a resynchronisation can run here. Writes only to the audit folder.

    Example: onbox check --report onbox-report.md
    """
    from onbox.preflight import examine, subject_of, verdict
    from onbox.screen.console import Console

    subject = subject_of(context.obj)
    findings = examine(subject)
    if report:
        from onbox.support_report import write_report

        console = Console(json=json)
        tick = console.working("Report", "Asking rsautil for its help (can take a minute)")
        written = write_report(subject, findings, report, tick)
        console.step("ok", "Report", f"{written.what} {written.advice}")
    rows = [(each.state, each.check, f"{each.words.what} {each.words.advice}".strip()) for each in findings]
    words = message(verdict(findings))
    details = [each.as_json() for each in findings]
    _finish(json, "check", lambda: {"findings": details}, lambda console: console.result(rows, words), words)


@app.command()
def status(context: typer.Context, file: File = None, json: Json = False) -> None:
    """Show the last run, open runs and failed login checks.

    Example: onbox status
    """
    from onbox.screen.status import Status, as_json, tell

    journal = _opened(context, file)
    found = Status(journal.records, journal.path, datetime.now(UTC))
    _finish(json, "status", lambda: _source(journal) | as_json(found), lambda console: tell(found, console))


@audit.command("list")
def audit_list(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="Show at most N runs.")] = 20,
    outcome: Annotated[Outcome | None, _option("OUTCOME", "Show only success, failure, unknown or refused.")] = None,
    file: File = None,
    json: Json = False,
) -> None:
    """List how runs ended, newest first.

    Example: onbox audit list --outcome failure
    """
    from onbox.screen.runs import listed, summary, tell

    journal = _opened(context, file)
    records = listed(journal, last, outcome)
    fields = _source(journal) | {"records": [summary(record) for record in records]}
    _finish(json, "audit list", lambda: fields, lambda console: tell(records, journal.path, console))


@audit.command("show")
def audit_show(context: typer.Context, run: RunId, file: File = None, json: Json = False) -> None:
    """Show one run, for a change ticket.

    Example: onbox audit show 1a2b3c4d
    """
    from onbox.audit.history import one_run
    from onbox.screen.runs import page

    journal = _opened(context, file)
    records = one_run(journal.records, run)
    fields = _source(journal) | {"run": records[0]["run"], "records": records}
    _finish(json, "audit show", lambda: fields, lambda console: console.facts(page(records)))


@audit.command("export")
def audit_export(
    context: typer.Context,
    form: Annotated[Literal["jsonl", "csv"], _option("FORMAT", "jsonl or csv.", "--format")] = "jsonl",
    file: File = None,
) -> None:
    """Write all records to standard output, oldest first.

    Example: onbox audit export --format csv > audit.csv
    """
    from onbox.audit.export import export

    journal = _opened(context, file)
    export(journal.unchanged, form, sys.stdout)


@audit.command("resolve")
def audit_resolve(
    context: typer.Context,
    run: RunId,
    outcome: Annotated[Literal["success", "failure"], _option("OUTCOME", "success or failure.")],
    note: Annotated[str, _option("TEXT", "How you found out.")],
    json: Json = False,
) -> None:
    """Record how a run of unknown outcome ended.

    Example: onbox audit resolve 1a2b3c4d --outcome success --note "MFA tokens are back"
    """
    from onbox.audit.resolve import resolve

    resolved, words, warnings = resolve(context.obj, run, outcome, note)
    fields = {"run": resolved, "outcome": outcome, "warnings": warnings}
    rows = [("warning", "Note", warning) for warning in warnings]
    _finish(json, "audit resolve", lambda: fields, lambda console: console.result(rows, words), words)


@audit.command("verify")
def audit_verify(
    context: typer.Context,
    file: File = None,
    head: Annotated[list[str] | None, _option("HASH", "Require the record with this hash, noted elsewhere.")] = None,
    against: Annotated[Path | None, _option("FILE", "Compare the journal with these syslog copies.")] = None,
    host: Annotated[str, _option("NAME", "Host of the journal, if it is not this machine.")] = "",
    json: Json = False,
) -> None:
    """Check that the audit journal is intact.

    Example: onbox audit verify --against /var/log/onbox-copies.json
    """
    from onbox.screen.verification import look

    words, rows, fields = look(_journal(context, file), head or [], against, host)
    _finish(json, "audit verify", lambda: fields, lambda console: console.result(rows, words), words)


def _journal(context: typer.Context, file: Path | None) -> Path:
    """Give the journal to read: FILE, or the one that runs on this machine write."""
    from onbox.audit.reader import FILE
    from onbox.settings import load

    return file or load(context.obj, os.getuid()).directory / FILE


def _opened(context: typer.Context, file: Path | None) -> "Reader":
    """Read the journal, and warn if it is damaged; before the first run this machine has none."""
    from onbox.audit.reader import Reader

    journal = Reader(_journal(context, file), may_be_missing=file is None)
    if journal.bad or journal.damaged:
        counts = f"{journal.bad} left out, {journal.damaged} shown"
        typer.echo(f"onbox: Damaged journal lines: {counts}. Run: onbox audit verify --file {journal.path}", err=True)
    return journal


def _source(journal: "Reader") -> dict[str, Any]:
    return {"file": str(journal.path), "bad_lines": journal.bad, "damaged": journal.damaged}


def _finish(json: bool, command: str, fields: "Fields", show: "Show", words: Message | None = None) -> NoReturn:
    """Print WORDS with FIELDS as a JSON object, or SHOW the result to a person, and end with the exit code of WORDS."""
    try:
        if json:
            _print_json(command, words, fields())
        else:
            from onbox.screen.console import Console

            show(Console())
    except Exception as error:  # noqa: BLE001 - however the screen broke, the exit code and a plain line tell the end
        words = words or message_of(error)
        _complain(words)
    raise typer.Exit(words.exit_code if words else 0)


def _print_json(command: str | None, words: Message | None, fields: dict[str, Any]) -> None:
    from json import dumps

    told = words.as_json() if words else {"exit_code": 0}
    # If the reader of the output is gone, Typer makes an exit code of its own.
    with suppress(OSError):
        typer.echo(dumps({"onbox": __version__, "command": command, **told, **fields}))


def main() -> None:
    """Run the command line; every error becomes words and an exit code here."""
    try:
        app(prog_name="onbox")
    except Exception as error:  # noqa: BLE001 - never a traceback, which could show values
        words = message_of(error)
        if "--json" in sys.argv:
            _print_json(None, words, {})
        else:
            _complain(words)
        sys.exit(words.exit_code)
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            try:
                stream.flush()
            except OSError:  # its other side is gone, and the interpreter would complain of that at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(words: Message) -> None:
    with suppress(OSError):
        typer.echo(f"onbox: {words.what} {words.advice}".rstrip(), err=True)
