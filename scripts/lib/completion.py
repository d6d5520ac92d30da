"""The completion of the command line in bash, from the commands and options of the help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from manual import commands, metavar
from typer.main import get_command

from onbox.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = """\
# Completion of onbox in bash; scripts/pages makes this file from the help.
# It starts no program and reads no file.

# What can follow: words, FILE for names of files, or nothing that is known.
# It fails for what is neither a command nor an option that takes a value.
_onbox_words() {
    case $1 in
"""
TAIL = """\
    *) return 1 ;;
    esac
}

_onbox() {
    local command=onbox option='' word=${COMP_WORDS[COMP_CWORD]} words i
    for ((i = 1; i < COMP_CWORD; i++)); do
        words=${COMP_WORDS[i]}
        if [[ $words == '=' ]]; then # bash takes --option=value apart
            continue
        elif [[ -n $option ]]; then
            option=''
        elif _onbox_words "$command $words" >/dev/null; then
            if [[ $words == -* ]]; then option=$words; else command+=" $words"; fi
        fi
    done
    [[ $word != '=' ]] || word=''
    words=$(_onbox_words "$command${option:+ $option}")
    COMPREPLY=()
    if [[ $words == FILE ]]; then
        compopt -o default
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
}

complete -F _onbox onbox
"""


def rows() -> Iterator[tuple[str, str]]:
    """Give what can follow each command, and each option that takes a value."""
    for name, command in commands(get_command(app)):
        yield name, " ".join([*getattr(command, "commands", ()), *map(longest, options(command)), "--help"])
        for option in options(command):
            if not option.is_flag:
                for spelling in option.opts:
                    yield f"{name} {spelling}", values(option)


def options(command: Any) -> list[Any]:  # noqa: ANN401 - what Typer makes has no public type
    """Return the options of *command* apart from the help."""
    return [each for each in command.params if each.param_type_name == "option" and each.name != "help"]


def longest(option: Any) -> str:  # noqa: ANN401
    """Return the spelling of an *option* that says most."""
    return str(max(option.opts, key=len))


def values(option: Any) -> str:  # noqa: ANN401
    """Return what can stand for the value of *option*."""
    if metavar(option) in ("FILE", "PATH"):
        return "FILE"
    return " ".join(getattr(option.type, "choices", ()))


def completion() -> str:
    """Return the file that bash reads."""
    cases = [f"    {name!r}) echo {words!r} ;;\n" for name, words in rows()]
    return HEAD + "".join(cases) + TAIL
