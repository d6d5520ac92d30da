"""How a run ended, to be told to a person or a program."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onbox.errors import Message

# psql and Java name how grave a line is; in front of that stands the name of a temporary file or a time.
_GRAVE = re.compile(r"\b(?:NOTICE|WARNING|ERROR|FATAL|PANIC|SEVERE)\b.*")
_MOST_EVIDENCE, _MOST_NOT_UNDERSTOOD = 3, 10

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    `evidence` and `not_understood` are lines of rsautil.
    `seq` and `hash` are those of the result; `record` is the result that the journal could not take, to be kept by the
    person.
    """

    run: str
    message: Message
    evidence: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seq: int | None = None
    hash: str | None = None
    record: Mapping[str, Any] | None = None

    def rows(self) -> Iterator[Row]:
        """Give what is shown before the result: state, name and text of each step; the record has all lines."""
        grave = [found[0] for line in self.evidence if (found := _GRAVE.search(line))]
        yield from (("", "rsautil", line) for line in (grave or self.evidence)[:_MOST_EVIDENCE])
        if lines := self.not_understood:
            yield "warning", "Unknown", "onbox does not understand this output of rsautil:"
            yield from (("warning", "rsautil", line) for line in lines[:_MOST_NOT_UNDERSTOOD])
            yield "", "", f"All of it: onbox audit show {self.run}"
        yield from (("warning", "Note", warning) for warning in self.warnings)
        yield "", "Run", self.run
        if self.hash:
            yield "", "Receipt", f"For the change ticket: record {self.seq} of the audit journal, hash"
            yield "", "", self.hash
            yield "", "", "To check it later: onbox audit verify --head HASH"

    def as_json(self) -> dict[str, Any]:
        """Give the members that only the JSON object of `resync` has."""
        return {name: value for name, value in vars(self).items() if name != "message"}
