"""The commands and their options; the only place that prints results and chooses exit codes."""

import enum
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from onbox import __version__
from onbox.errors import OnboxError

app = typer.Typer(
    name="onbox",
    help="Fully resynchronise the High Availability Tokencodes of RSA Authentication Manager, on record.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit = typer.Typer(help="Read the audit trail.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit, name="audit")


class Reason(enum.StrEnum):
    """The documented reasons, and one for all others."""

    ACCOUNT_CHANGED = "account-changed"
    IDENTITY_SOURCE_ADDED = "identity-source-added"
    USERS_FOUND = "users-found"
    TOKENS_DELETED = "tokens-deleted"
    OTHER = "other"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"onbox {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Read settings from here, not /etc/onbox/onbox.toml."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log each step and its seconds to standard error.")
    ] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep what holds for every command."""
    context.obj = {"config": config, "verbose": verbose}


@app.command()
def resync(
    context: typer.Context,
    admin: Annotated[
        str | None,
        typer.Option("-o", "--admin", metavar="NAME", help="Operations Console administrator; else asked for."),
    ] = None,
    reason: Annotated[Reason | None, typer.Option(help="Why it is needed; else asked for.")] = None,
    ticket: Annotated[str | None, typer.Option(metavar="TEXT", help="Number of the change ticket.")] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="More on the reason; 'other' needs it.")] = None,
    confirm: Annotated[
        str | None, typer.Option(metavar="HOST", help="This host's name, instead of typing it at the question.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    json: Json = False,
) -> None:
    """Have all High Availability Tokencode records synchronised again.

    Example: onbox resync -o ocadmin --reason tokens-deleted --ticket CHG-4711
    """
    from onbox.console import Console  # noqa: PLC0415 - what only this command needs
    from onbox.diagnostics import Diagnostics  # noqa: PLC0415
    from onbox.resync import resynchronise  # noqa: PLC0415
    from onbox.run import Request  # noqa: PLC0415

    request = Request(
        context.obj["config"], admin, str(reason.value) if reason else None, ticket, note, confirm, dry_run
    )
    console = Console(json=json)
    ending = resynchronise(request, console, Diagnostics(verbose=context.obj["verbose"]))
    if json:
        _print_json("resync", ending.message.exit_code, **ending.as_json())
    else:
        console.ending(ending)
    raise typer.Exit(ending.message.exit_code)


@app.command()
def check(context: typer.Context, json: Json = False) -> None:
    """Check whether a resynchronisation could be run here, and change nothing.

    Example: onbox check
    """
    from onbox.caller import identify  # noqa: PLC0415
    from onbox.console import Console  # noqa: PLC0415
    from onbox.preflight import Finding, Subject, examine  # noqa: PLC0415
    from onbox.settings import load  # noqa: PLC0415

    caller = identify()
    try:
        findings = examine(Subject(load(context.obj["config"], caller.uid), caller))
    except OnboxError as error:
        findings = [Finding("settings", "error", error.message.what, error.message.advice)]
    exit_code = 3 if any(finding.state == "error" for finding in findings) else 0
    if json:
        _print_json("check", exit_code, findings=[vars(finding) for finding in findings])
    else:
        console = Console()
        for finding in findings:
            console.step(finding.state, finding.check, f"{finding.detail} {finding.advice}".strip())
    raise typer.Exit(exit_code)


def _print_json(command: str, exit_code: int, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    import json  # noqa: PLC0415

    typer.echo(json.dumps({"onbox": __version__, "command": command, "exit_code": exit_code, **fields}))


def main() -> None:
    """Run the command line; every error becomes words and an exit code here."""
    code = 0
    try:
        app()
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
    except OnboxError as error:
        _complain(error)
        code = error.message.exit_code
    except Exception as error:  # noqa: BLE001 - never a traceback, which could show values
        unexpected = OnboxError("unexpected", detail=type(error).__name__)
        _complain(unexpected)
        code = unexpected.message.exit_code
    _flush()
    sys.exit(code)


def _complain(error: OnboxError) -> None:
    typer.echo(f"onbox: {error.message.what} {error.message.advice}", err=True)


def _flush() -> None:
    """Let go of outputs whose other side is gone, so that the interpreter doesn't complain at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
