"""How a run ended, to be told to a person or a program."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from onbox.audit.journal import Head
from onbox.messages import Message

# psql and Java name how grave a line is; in front of that stands the name of a temporary file or a time.
_GRAVE = re.compile(r"\b(?:NOTICE|WARNING|ERROR|FATAL|PANIC|SEVERE)\b.*")
_MOST_EVIDENCE, _MOST_NOT_UNDERSTOOD = 3, 10
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    `evidence` and `not_understood` are lines of rsautil.
    `receipt` is the number and hash of the result; `unrecorded` is the result that the journal could not take, as one
    line of JSON, to be kept by the person.
    """

    run: str
    message: Message
    evidence: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    receipt: Head | None = None
    unrecorded: str = ""

    def rows(self) -> Iterator[Row]:
        """Give what a person is shown: the state, the name and the text of each step."""
        yield from (("", "rsautil", line) for line in self._essence())
        if lines := self.not_understood:
            yield "warning", "Unknown", "onbox does not understand this output of rsautil:"
            yield from (("warning", "rsautil", line) for line in lines[:_MOST_NOT_UNDERSTOOD])
            more = len(lines) - _MOST_NOT_UNDERSTOOD
            yield "", "", f"{f'and {more} more lines: ' if more > 0 else 'All of it: '}onbox audit show {self.run}"
        yield from (("warning", "Note", warning) for warning in self.warnings)
        state = {"success": "ok", "unknown": "warning"}.get(self.message.outcome, "error")
        words = (self.message.what, self.message.exit_code.changed, f"({self.message.code})")
        yield state, "Result", " ".join(filter(None, words))
        if self.message.advice:
            yield "", "Next", self.message.advice
        yield "", "Run", self.run
        if self.receipt:
            yield "", "Receipt", f"For the change ticket: record {self.receipt.seq} of the audit journal, hash"
            yield "", "", self.receipt.hash
            yield "", "", "To check it later: onbox audit verify --head HASH"

    def _essence(self) -> list[str]:
        """Give the few words of rsautil that fit on a screen; the record has all."""
        known = [line for line in self.evidence if line not in self.not_understood]
        grave = [found[0] for line in known if (found := _GRAVE.search(line))]
        return (grave or known)[:_MOST_EVIDENCE]

    def as_json(self) -> dict[str, Any]:
        """Give the members that only the JSON object of `resync` has."""
        return {
            "run": self.run,
            "evidence": list(self.evidence),
            "not_understood": list(self.not_understood),
            "warnings": list(self.warnings),
            "seq": self.receipt.seq if self.receipt else None,
            "hash": self.receipt.hash if self.receipt else None,
            "record": json.loads(self.unrecorded) if self.unrecorded else None,
        }
