"""How a run ended, to be told to a person or a program."""

import json
import re
from dataclasses import dataclass
from typing import Any

from onbox.audit.tip import Tip
from onbox.errors import Code
from onbox.messages import Message

# psql and Java name how grave a line is; what stands before it is a temporary file's name or a time.
_GRAVE = re.compile(r"\b(?:NOTICE|WARNING|ERROR|FATAL|PANIC|SEVERE)\b.*")
_MOST_LINES = 3
_UNRECOGNISED: tuple[Code, ...] = ("update-accepted", "update-contradiction", "update-unknown")


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    `receipt` is the number and hash of its result; `unrecorded` is the result that no journal could take, as one line
    of JSON, to be kept by the person.
    """

    run: str
    message: Message
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    receipt: Tip | None = None
    unrecorded: str = ""

    @property
    def state(self) -> str:
        """Say how the verdict is marked on the screen."""
        return {"success": "ok", "unknown": "warning"}.get(self.message.outcome, "error")

    @property
    def said(self) -> str:
        """Say what happened and what was changed, with the code that programs are given."""
        words = (self.message.what, self.message.changed, f"({self.message.code})")
        return " ".join(filter(None, words))

    def essence(self) -> list[str]:
        """Give the few words of rsautil that fit on a screen; the record has all."""
        grave = [found[0] for line in self.evidence if (found := _GRAVE.search(line))]
        return [" ".join(line.split()) for line in (grave or self.evidence)[:_MOST_LINES]]

    def rows(self) -> list[tuple[str, str]]:
        """Give what stands below the verdict: what to do next, and where to find more."""
        rows = [("Next", self.message.advice), ("Run", self.run)]
        if self.receipt:
            rows.append(("Receipt", f"record {self.receipt.seq}, hash {self.receipt.hash}"))
        if self.message.code in _UNRECOGNISED:
            rows.append(("Transcript", f"onbox audit show {self.run}"))
        return rows

    def as_json(self) -> dict[str, Any]:
        """Give the members that only this command's JSON object has."""
        return {
            "run": self.run,
            "outcome": self.message.outcome,
            "code": self.message.code,
            "message": self.message.what,
            "changed": self.message.changed,
            "evidence": list(self.evidence),
            "advice": self.message.advice,
            "warnings": list(self.warnings),
            "seq": self.receipt.seq if self.receipt else None,
            "hash": self.receipt.hash if self.receipt else None,
            **({"record": json.loads(self.unrecorded)} if self.unrecorded else {}),
        }
