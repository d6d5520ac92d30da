"""The parts of pages that are made from the code, apart from those that tell of the commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grimp
from commands import CHECKOUT, entry, roff, table

from onbox.errors import MESSAGES, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

# The way of the password through the program.
PASSWORD = (
    ("onbox/screen/prompts.py", "asks for it"),
    ("onbox/secret.py", "holds it, and recognises it in a text"),
    ("onbox/resync/administrator.py", "has rsautil check it"),
    ("onbox/resync/confirmation.py", "keeps it out of the note"),
    ("onbox/resync/job.py", "passes it to the update"),
    ("onbox/rsautil/commands.py", "names the prompt at which it is typed"),
    ("onbox/rsautil/dialogue.py", "recognises that prompt on the screen"),
    ("onbox/rsautil/terminal.py", "types it"),
)


def settings_file() -> Iterator[tuple[str, str, str, str]]:
    """Give every key of the settings file with its section, its default and its comment."""
    section = ""
    for line in (CHECKOUT / "packaging/rpm/onbox.toml").read_text().splitlines():
        if heading := re.match(r"\[\w+\]", line):
            section = heading[0]
        elif key := re.fullmatch(r"#(\w+) = (.*?) +# (.*)", line):
            yield (section, key[1], key[2], key[3])


def settings() -> str:
    """Return a table of every key of the settings file, with its default and its comment."""
    rows = [(f"`{section} {key}`", f"`{default}`", comment) for section, key, default, comment in settings_file()]
    return table(("setting", "default", "meaning"), *rows)


def settings_of_manual() -> str:
    """Return the same as a list in the manual."""
    heads = [
        (rf"{section} \fB{key} = {roff(default)}\fR", f"{comment}.")
        for section, key, default, comment in settings_file()
    ]
    return "\n".join(entry(head, text) for head, text in heads)


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = [(int(code), code.meaning, code.changed or "As asked.") for code in ExitCode]
    return table(("exit code", "meaning", "changed on the appliance"), *rows)


def exit_codes_of_manual() -> str:
    """Return the same as a list in the manual."""
    return "\n".join(entry(rf"\fB{code}\fR", f"{code.meaning}. {code.changed}".strip()) for code in ExitCode)


def codes() -> str:
    """Return a table of all codes by their exit codes."""
    found = {exit_code: [code for code, row in MESSAGES.items() if row[0] is exit_code] for exit_code in ExitCode}
    rows = [(int(each), each.outcome, ", ".join(f"`{code}`" for code in found[each])) for each in ExitCode]
    return table(("exit code", "outcome", "codes"), *rows)


def password() -> str:
    """Return how many lines touch the password, in which files."""
    lines = {name: len((CHECKOUT / name).read_text().splitlines()) for name, _ in PASSWORD}
    rows = [(number, f"`{name}`", does, lines[name]) for number, (name, does) in enumerate(PASSWORD, 1)]
    head = f"{sum(lines.values())} lines, in {len(PASSWORD)} files; read them in this order:"
    return f"{head}\n\n{table(('', 'file', 'what it does with the password', 'lines'), *rows)}"


def house() -> str:
    """Return a drawing of which rooms and modules import which; arrows that follow from others are left out."""
    graph = grimp.build_graph("onbox", cache_dir=None)
    for room in ("audit", "resync", "rsautil", "screen"):
        graph.squash_module(f"onbox.{room}")
    known = {name: graph.find_modules_directly_imported_by(name) - {"onbox"} for name in sorted(graph.modules)}
    arrows = [
        f"    {name} --> {other}".replace("onbox.", "").replace("__main__", "main")
        for name, others in known.items()
        for other in sorted(others)
        if not any(graph.chain_exists(near, other) for near in others - {other})
    ]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])
