"""Make the pages, and the parts of pages, that are made from the code.

python scripts/lib/pages.py FOLDER    writes each of them below FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parts import CHECKOUT, changed, filled
from picture import picture
from typer.main import get_command

from onbox import __version__
from onbox.cli import app
from onbox.messages import MEANING

if TYPE_CHECKING:
    from collections.abc import Iterator

MANUAL = "packaging/rpm/onbox.8"
PICTURE = "docs/run.svg"
DESCRIPTION = """\
onbox sets the marker time of instance GLOBAL to 0, so that Authentication Manager synchronises all High Availability
Tokencode records again.
It is run on the appliance, by the owner of rsautil, at a terminal; it asks for the name and password of an Operations
Console administrator, has rsautil check them, asks for a reason and for the host name, runs the one documented command,
and leaves an audit record of all that.
"""
PAGES = ("README.md", "CONTRIBUTING.md", "docs/reference.md")


def roff(text: str) -> str:
    """Return *text* as troff takes it."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return re.sub(r"^\.", r"\&.", text, flags=re.MULTILINE)


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - what Typer makes has no public type
    """Give *command* and all commands below it, each by its full name."""
    yield name, command
    for inner, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {inner}")


def manual() -> str:
    """Return the manual page, from the same texts as the help."""
    root = get_command(app)
    lines = [
        f'.TH ONBOX 8 "" "onbox {__version__}" "System Administration"',
        ".SH NAME",
        f"onbox \\- {roff(str(root.help)).rstrip('.')}",
        ".SH SYNOPSIS",
    ]
    below = [(name, command) for name, command in commands(root, "onbox") if not hasattr(command, "commands")]
    for name, command in below:
        lines += [f".B {roff(name)}", roff(" ".join(usage(command))), ".br"]
    lines += [
        ".SH DESCRIPTION",
        *paragraphs(DESCRIPTION),
        ".SH OPTIONS OF EVERY COMMAND",
        *options(root),
        ".SH COMMANDS",
    ]
    for name, command in below:
        lines += [f".SS {roff(name)}", *paragraphs(str(command.help)), *options(command)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in MEANING.items():
        lines += [".TP", f".B {int(code)}", roff(f"{meaning}. {changed(code)}".strip())]
    lines += [
        ".SH FILES",
        *(".TP", ".I /etc/onbox/onbox.toml", "Settings; optional."),
        *(".TP", ".I /var/log/onbox/audit.jsonl", "The audit journal, one JSON object a line."),
        *(".TP", ".I /usr/share/doc/packages/onbox", "The documentation; what messages call docs/ is in there."),
    ]
    return "\n".join(lines) + "\n"


def usage(command: Any) -> list[str]:  # noqa: ANN401
    """Return the options and arguments of *command*, in short."""
    parts = []
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = metavar(parameter)
            parts.append(name if parameter.required else f"[{name}]")
        elif parameter.name != "help":
            parts.append(f"[{parameter.opts[-1]}{'' if parameter.is_flag else f' {metavar(parameter)}'}]")
    return parts


def metavar(parameter: Any) -> str:  # noqa: ANN401
    """Return what stands for the value of an option or argument."""
    return str(parameter.metavar or parameter.type.name.upper())


def options(command: Any) -> Iterator[str]:  # noqa: ANN401
    """Give the options of *command*, each with its help."""
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield from (".TP", f".I {metavar(parameter)}", roff(parameter.help or ""))
        else:
            names = ", ".join(parameter.opts)
            value = "" if parameter.is_flag else f" {metavar(parameter)}"
            yield from (".TP", f".B {roff(names + value)}", roff(parameter.help or ""))


def paragraphs(text: str) -> Iterator[str]:
    """Give the paragraphs of a help *text*; an example keeps its lines."""
    for paragraph in text.replace("\b", "").split("\n\n"):
        if paragraph.strip():
            yield from (".PP", roff(" ".join(paragraph.split())))


def made() -> dict[str, str]:
    """Return every made page by its path."""
    pages = {name: filled((CHECKOUT / name).read_text()) for name in PAGES}
    return pages | {MANUAL: manual(), PICTURE: picture()}


if __name__ == "__main__":
    for name, text in made().items():
        target = Path(sys.argv[1], name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
