"""The parts of pages that are made from the code; each stands between two comments in its page."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grimp
from typer.main import get_command

from onbox.cli import app
from onbox.messages import MEANING, MESSAGES, Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onbox.errors import ExitCode

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# The way of the password through the program.
PASSWORD = (
    ("onbox/screen/prompts.py", "asks for it"),
    ("onbox/secret.py", "holds it"),
    ("onbox/fingerprint.py", "recognises it in a text"),
    ("onbox/resync/administrator.py", "has it checked"),
    ("onbox/resync/confirmation.py", "keeps it out of the note"),
    ("onbox/resync/job.py", "hands it to the update"),
    ("onbox/rsautil/commands.py", "says at which prompt it is typed"),
    ("onbox/rsautil/dialogue.py", "says when that prompt stands there"),
    ("onbox/rsautil/terminal.py", "types it"),
)


def table(*rows: tuple[object, ...]) -> str:
    """Return a table whose head is the first of *rows*."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def commands(command: Any = None, name: str = "onbox") -> str:  # noqa: ANN401 - Typer's type is not public
    """Return a table of the options of *command*, and of all commands below it."""
    command = command or get_command(app)
    does = str(command.help).partition("Example:")[0]
    rows = [(f"`{' '.join([name, *arguments(command)])}`", " ".join(does.split()))]
    rows += [(option(each), each.help) for each in command.params if each.param_type_name == "option"]
    below = [commands(inner, f"{name} {word}") for word, inner in getattr(command, "commands", {}).items()]
    return "\n\n".join([*([table(*rows)] if len(rows) > 1 else []), *below])


def arguments(command: Any) -> list[str]:  # noqa: ANN401
    """Return what stands for the arguments of *command*."""
    return [str(each.metavar) for each in command.params if each.param_type_name == "argument"]


def option(parameter: Any) -> str:  # noqa: ANN401
    """Return an option with all its names, and what stands for its value."""
    value = "" if parameter.is_flag else f" {parameter.metavar}"
    return ", ".join(f"`{name}{value}`" for name in parameter.opts)


def settings() -> str:
    """Return a table of every key of the settings file, with its default and its comment."""
    rows = [(f"`{section} {key}`", f"`{default}`", comment) for section, key, default, comment in keys()]
    return table(("setting", "default", "meaning"), *rows)


def keys() -> Iterator[tuple[str, str, str, str]]:
    """Give every key of the settings file with its section, its default and its comment."""
    section = ""
    for line in (CHECKOUT / "packaging/rpm/onbox.toml").read_text().splitlines():
        if heading := re.match(r"\[\w+\]", line):
            section = heading[0]
        elif key := re.fullmatch(r"#(\w+) = (.*?) +# (.*)", line):
            yield (section, key[1], key[2], key[3])


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = [(int(code), meaning, changed(code) or "As asked.") for code, meaning in MEANING.items()]
    return table(("exit code", "meaning", "changed on the appliance"), *rows)


def changed(exit_code: ExitCode) -> str:
    """Return what every message with *exit_code* says of the appliance."""
    return next(each.changed for each in messages() if each.exit_code == exit_code)


def codes() -> str:
    """Return a table of all codes by their exit codes."""
    ordered = sorted(messages(), key=lambda each: each.exit_code)
    rows = [
        (int(exit_code), outcome, ", ".join(f"`{each.code}`" for each in found))
        for (exit_code, outcome), found in groupby(ordered, key=lambda each: (each.exit_code, each.outcome))
    ]
    return table(("exit code", "outcome", "codes"), *rows)


def messages() -> Iterator[Message]:
    """Give each message, with the gaps in its words."""
    yield from (Message(code, *row) for code, row in MESSAGES.items())


def password() -> str:
    """Return how many lines touch the password, in which files."""
    rows = [(number, f"`{name}`", does, lines(name)) for number, (name, does) in enumerate(PASSWORD, 1)]
    total = sum(lines(name) for name, _ in PASSWORD)
    head = f"{total} lines, in {len(PASSWORD)} files; read them in this order:"
    return f"{head}\n\n{table(('', 'file', 'what it does with the password', 'lines'), *rows)}"


def lines(name: str) -> int:
    """Return the number of lines of the file *name*."""
    return len((CHECKOUT / name).read_text().splitlines())


def house() -> str:
    """Return a drawing of who imports whom; arrows that follow from others are left out."""
    graph = grimp.build_graph("onbox")
    known = {name: graph.find_modules_directly_imported_by(name) - {"onbox"} for name in graph.modules}

    def reached(name: str) -> set[str]:
        return known[name] | {far for near in known[name] for far in reached(near)}

    arrows = [
        f"    {label(name)} --> {label(other)}"
        for name in sorted(known)
        for other in sorted(known[name])
        if not any(other in reached(near) for near in known[name] - {other})
    ]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])


def label(module: str) -> str:
    """Return the name of a *module* inside the package."""
    return module.removeprefix("onbox.").replace("__main__", "main")


PARTS = {
    "commands": commands,
    "settings": settings,
    "exit codes": exit_codes,
    "codes": codes,
    "password": password,
    "house": house,
}


def filled(page: str) -> str:
    """Return *page* with all its made parts made anew."""
    return re.sub(
        r"(<!-- scripts/pages makes this part: ([\w ]+) -->\n).*?(<!-- its end -->)",
        lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[3]}",
        page,
        flags=re.DOTALL,
    )
