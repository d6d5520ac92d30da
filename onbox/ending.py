"""How a run ended, to be told to a person or a program."""

import json
from dataclasses import dataclass
from typing import Any

from onbox.messages import Message


@dataclass(frozen=True)
class Ending:
    """How a run ended; `record` is the result that no journal could take, to be kept by the person."""

    run: str
    outcome: str
    message: Message
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    record: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the members that only this command's JSON object has."""
        return {
            "run": self.run,
            "outcome": self.outcome,
            "message": self.message.what,
            "changed": self.message.changed,
            "evidence": list(self.evidence),
            "advice": self.message.advice,
            "warnings": list(self.warnings),
            **({"record": json.loads(self.record)} if self.record else {}),
        }
