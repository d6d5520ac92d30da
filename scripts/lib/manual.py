"""The manual page, from the texts of the help, of the exit codes and of the settings file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from parts import CHECKOUT, changed, keys
from typer.main import get_command

from onbox import __version__
from onbox.cli import app
from onbox.messages import MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = "/usr/share/doc/packages/onbox"
DESCRIPTION = """\
onbox sets the marker time of instance GLOBAL to 0, so that Authentication Manager synchronises all High Availability
Tokencode records again.
The owner of rsautil runs it on the appliance, at a terminal.
It asks for the name and password of an Operations Console administrator, has rsautil check them, asks for a reason and
for the host name, runs the one documented rsautil command, and leaves an audit record of all that.

Programs read the exit code and what the option --json prints, which stay the same within a major version.
Text on a terminal is for people, and may change with every version.
"""
SETTINGS = """\
The file is written in TOML. A key that it leaves out has the value shown here.
It must belong to root or to the user who runs onbox, and nobody else may write it.
"""
ENVIRONMENT = (
    ("LC_ALL, LC_CTYPE, LANG", "If they do not name UTF-8, onbox shows only ASCII."),
    ("NO_COLOR", "Any value but the empty one switches colour off."),
    ("TERM", "A terminal without a name, or called dumb or unknown, gets no colour and no running seconds."),
    (
        "SSH_CONNECTION, SSH_TTY, TMUX, STY",
        "The client's address is recorded if SSH_TTY is the terminal in use, without tmux or screen in between.",
    ),
    ("HOME", "Its last part is left out of a support report, because it can be a name."),
    ("TZ, RSA_*", "rsautil gets them; the rest of its environment is made from scratch."),
)
FILES = (
    ("/etc/onbox/onbox.toml", "The settings; optional."),
    ("/var/log/onbox/audit.jsonl", "The audit journal: one JSON object a line."),
    ("/var/log/onbox/tip.json", "The head: number and hash of the last audit record."),
    ("/opt/rsa/am/utils/rsautil", "The vendor's tool, which makes the change."),
    (PAGES, "The documentation."),
)
SECURITY = f"""\
There is no option, variable or file for the password.
onbox asks for it on the terminal and types it where rsautil asks for it; it never appears in a command line, an
environment, a file or a log.
Five failed logins lock an administrator's account for 60 minutes, so onbox refuses the fourth failed login within 60
minutes.
The audit journal is a chain of hashes, which "onbox audit verify" checks; a chain rewritten as a whole is found only
with a copy or a hash that was kept elsewhere.
{PAGES}/docs/security.md says what is protected against whom.
"""
BUGS = f"""\
"onbox check --report FILE" describes this machine without names, addresses and secrets.
Send that file and the output to the people who gave you onbox; {PAGES}/docs/appliance.md says how to report an answer
of rsautil that onbox does not know.
"""
SEE_ALSO = f"""\
.BR rpm (8),
.BR rsyslogd (8),
.BR script (1)
.PP
{PAGES}/README.md, and in the folder docs beside it using.md, reference.md, audit.md, security.md, install.md and
appliance.md
"""


# What Typer makes has no public type.
def commands(command: Any, name: str = "onbox") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Give *command* and all commands below it, each by its full name."""
    yield name, command
    for inner, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {inner}")


def metavar(parameter: Any) -> str:  # noqa: ANN401
    """Return what stands for the value of an option or argument."""
    return str(parameter.metavar or parameter.type.name.upper())


def roff(text: str) -> str:
    """Return *text* as troff takes it."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace('"', r"\(dq")
    return re.sub(r"^\.", r"\&.", text, flags=re.MULTILINE)


def paragraphs(text: str) -> Iterator[str]:
    """Give the paragraphs of *text*."""
    for paragraph in text.strip().split("\n\n"):
        yield from (".PP", roff(" ".join(paragraph.split())))


def entry(head: str, text: str) -> tuple[str, ...]:
    """Return an entry of a list, its *head* in troff already."""
    return (".TP", head, roff(text))


def option(parameter: Any) -> str:  # noqa: ANN401
    """Return an option with all its names and what stands for its value."""
    names = ", ".join(rf"\fB{roff(name)}\fR" for name in parameter.opts)
    return names if parameter.is_flag else rf"{names} \fI{metavar(parameter)}\fR"


def synopsis(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    """Give a command with its arguments and options, those that may be left out in brackets."""
    yield f'.SY "{roff(name)}"'
    for parameter in command.params:
        if parameter.name != "help":
            argument = parameter.param_type_name == "argument"
            text = rf"\fI{metavar(parameter)}\fR" if argument else option(parameter).replace(", ", "|")
            # A blank that is no place to break the line.
            text = text.replace(" ", r"\ ")
            yield text if parameter.required else f"[{text}]"
    yield ".YS"


def explained(command: Any) -> Iterator[str]:  # noqa: ANN401
    """Give the arguments and options of *command*, each with its help."""
    for parameter in command.params:
        argument = parameter.param_type_name == "argument"
        yield from entry(rf"\fI{metavar(parameter)}\fR" if argument else option(parameter), parameter.help or "")


def settings() -> Iterator[str]:
    """Give every key of the settings file with its default and what its comment says."""
    for section, key, default, comment in keys():
        yield from entry(rf"{section} \fB{key} = {roff(default)}\fR", f"{comment}.")


def examples(every: list[tuple[str, Any]]) -> Iterator[str]:
    """Give the example of each command below what the command does."""
    for _, command in every:
        does, _, example = str(command.help).partition("Example: ")
        if example:
            yield from (".PP", roff(" ".join(does.split())), ".RS 4", ".PP", rf"\fB{roff(example.strip())}\fR", ".RE")


def date() -> str:
    """Return the date of the newest release in the list of changes."""
    released = re.search(r"^## \[.*\] - (\S+)", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    return released[1] if released else "unreleased"


def manual() -> str:
    """Return the manual page."""
    root = get_command(app)
    every = [(name, command) for name, command in commands(root) if not hasattr(command, "commands")]
    lines = [
        f'.TH ONBOX 8 {date()} "onbox {__version__}" "System Administration"',
        ".SH NAME",
        f"onbox \\- {roff(str(root.help)).rstrip('.')}",
        ".SH SYNOPSIS",
    ]
    for name, command in every:
        lines += synopsis(name, command)
    lines += [".SH DESCRIPTION", *paragraphs(DESCRIPTION), ".SH COMMANDS"]
    for name, command in every:
        lines += [f".SS {roff(name)}", *paragraphs(str(command.help).partition("Example: ")[0]), *explained(command)]
    lines += [".SH OPTIONS", "Options of every command stand before it:", *explained(root)]
    lines += [".SH SETTINGS", *paragraphs(SETTINGS), *settings(), ".SH EXIT STATUS"]
    for code, meaning in MEANING.items():
        lines += entry(rf"\fB{int(code)}\fR", f"{meaning}. {changed(code)}".strip())
    lines += [".SH ENVIRONMENT"]
    for name, text in ENVIRONMENT:
        lines += entry(rf"\fB{roff(name)}\fR", text)
    lines += [".SH FILES"]
    for path, text in FILES:
        lines += entry(rf"\fI{roff(path)}\fR", text)
    lines += [".SH EXAMPLES", *examples(every), ".SH SECURITY", *paragraphs(SECURITY)]
    lines += [".SH REPORTING BUGS", *paragraphs(BUGS), ".SH SEE ALSO", SEE_ALSO.rstrip()]
    return "\n".join(lines) + "\n"
