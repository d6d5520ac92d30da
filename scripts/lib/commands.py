"""The parts of pages that tell of the commands: in the reference, in the manual, and for completion in bash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from onbox import __version__
from onbox.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Parameter:
    """An option, or an argument, which has no names; a flag has no value."""

    names: tuple[str, ...]
    value: str
    help: str
    required: bool
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Command:
    """A command or a group of commands, with its full name."""

    name: str
    does: str
    example: str
    parameters: tuple[Parameter, ...]
    below: tuple[str, ...]


def parameter(click: Any) -> Parameter:  # noqa: ANN401 - what Typer makes has no public type
    """Return a parameter as the pages show it."""
    names = () if click.param_type_name == "argument" else tuple(click.opts)
    value = "" if names and click.is_flag else str(click.metavar)
    return Parameter(names, value, str(click.help), click.required, tuple(getattr(click.type, "choices", ())))


def commands(click: Any = None, name: str = "onbox") -> Iterator[Command]:  # noqa: ANN401
    """Give the command *name* and all commands below it."""
    click = click or get_command(app)
    does, _, example = str(click.help).partition("Example: ")
    below = getattr(click, "commands", {})
    parameters = tuple(parameter(each) for each in click.params if each.name != "help")
    yield Command(name, " ".join(does.split()), example.strip(), parameters, tuple(below))
    for word, inner in below.items():
        yield from commands(inner, f"{name} {word}")


def table(*rows: tuple[object, ...]) -> str:
    """Return a table whose head is the first of *rows*."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def reference() -> str:
    """Return a table of the options of each command."""
    tables = []
    for command in commands():
        arguments = [each.value for each in command.parameters if not each.names]
        options = [each for each in command.parameters if each.names]
        spelled = [", ".join(f"`{f'{name} {each.value}'.strip()}`" for name in each.names) for each in options]
        if options:
            head = (f"`{' '.join([command.name, *arguments])}`", command.does)
            tables.append(table(head, *zip(spelled, (each.help for each in options), strict=True)))
    return "\n\n".join(tables)


def completion() -> str:
    """Return a line of bash for each command, and for each option with a value: the words that can follow it."""
    follow = {}
    for command in commands():
        options = [max(each.names, key=len) for each in command.parameters if each.names]
        follow[command.name] = " ".join([*command.below, *options, "--help"])
        for each in command.parameters:
            if each.value:
                words = "FILE" if each.value in ("FILE", "PATH") else " ".join(each.choices)
                follow |= {f"{command.name} {name}": words for name in each.names}
    return "\n".join(f"    {name!r}) echo {words!r} ;;" for name, words in follow.items())


def roff(text: str) -> str:
    """Return *text* as troff takes it."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace('"', r"\(dq")
    return re.sub(r"^\.", r"\&.", text, flags=re.MULTILINE)


def entry(head: str, text: str) -> str:
    """Return an entry of a list, its *head* in troff already."""
    return f".TP\n{head}\n{roff(text)}"


def shown(each: Parameter, between: str = ", ") -> str:
    """Return a parameter in troff: all its names, and what stands for its value."""
    names = between.join(rf"\fB{roff(name)}\fR" for name in each.names)
    return " ".join(part for part in (names, rf"\fI{each.value}\fR" if each.value else "") if part)


def head() -> str:
    """Return the title of the manual, with the date of the newest release, and its section NAME."""
    released = re.findall(r"^## \[.*\] - (\S+)", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    title = f'.TH ONBOX 8 {released[0]} "onbox {__version__}" "System Administration"'
    return f"{title}\n.SH NAME\nonbox \\- {roff(next(commands()).does).rstrip('.')}"


def synopsis() -> str:
    """Return each command with its parameters, those that may be left out in brackets."""
    lines = []
    for command in commands():
        if not command.below:
            lines.append(f'.SY "{roff(command.name)}"')
            for each in command.parameters:
                text = shown(each, "|").replace(" ", r"\ ")  # a blank at which no line ends
                lines.append(text if each.required else f"[{text}]")
            lines.append(".YS")
    return "\n".join(lines)


def explained() -> str:
    """Return what each command does, and its parameters with their help."""
    lines = []
    for command in commands():
        if not command.below:
            lines += [f".SS {roff(command.name)}", ".PP", roff(command.does)]
            lines += [entry(shown(each), each.help) for each in command.parameters]
    return "\n".join(lines)


def common() -> str:
    """Return the options that stand before every command."""
    return "\n".join(entry(shown(each), each.help) for each in next(commands()).parameters)


def examples() -> str:
    """Return the example of each command below what the command does."""
    return "\n".join(
        f".PP\n{roff(command.does)}\n.RS 4\n.PP\n\\fB{roff(command.example)}\\fR\n.RE"
        for command in commands()
        if command.example
    )
