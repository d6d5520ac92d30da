"""The fields of a row in the table of faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faults.scene import Scene

# The words for the records that a run leaves, in the order in which they must stand in the journal.
RECORDS = {
    "verified": ("admin.verified", "success"),
    "denied": ("admin.denied", "failure"),
    "left": ("admin.denied", "refused"),  # the run was interrupted after the login was sent
    "attempt": ("resync.attempt", "unknown"),
    "success": ("resync.result", "success"),
    "failure": ("resync.result", "failure"),
    "unknown": ("resync.result", "unknown"),
    "refused": ("resync.refused", "refused"),
    "unverified": ("resync.refused", "failure"),
    "abandoned": ("run.abandoned", "unknown"),
    "repaired": ("journal.repaired", "success"),
}


@dataclass(frozen=True)
class End:
    """How a run must end: its exit code, the RECORDS it leaves, and the documented commands that were CALLED."""

    code: int
    records: str = ""
    called: str = ""
    # Whether the marker time is 0 afterwards; None: either, and the outcome on record says that it is unknown.
    changed: bool | None = False


SUCCESS = End(0, "verified attempt success", "verify update", changed=True)
FAILURE = End(1, "verified attempt failure", "verify update")
UNKNOWN = End(6, "verified attempt unknown", "verify update", changed=None)
NOT_STARTED = End(1, "verified attempt failure", "verify")
DENIED = End(4, "denied", "verify")
UNVERIFIED = End(4, "unverified", "verify")
REFUSED = End(3, "refused")
REFUSED_LATE = End(3, "verified refused", "verify")
WITHOUT_RECORD = End(3)
NO_JOURNAL = End(5)
STOPPED = End(130, "refused")


@dataclass(frozen=True)
class Fault:
    """One row: how the run must end, what the person must be told, and how the fault is brought about.

    `told` holds codes, whose words must be on the screen and of which the last one must be on record, and other words.
    `verify` and `update` name variants of the rehearsal appliance, `behaviour` its numbers, `timeouts` those of the
    settings file in seconds. `prepare` spoils what stands before the run; `play` is the run itself.
    """

    end: End
    told: tuple[str, ...]
    verify: str = "documented"
    update: str = "documented"
    behaviour: Mapping[str, float] = field(default_factory=dict)
    timeouts: Mapping[str, float] = field(default_factory=dict)
    prepare: Callable[[Scene], object] | None = None
    play: Callable[[Scene], object] = lambda scene: scene.run()
    root: bool = False
    # The person types the password where it is shown; it must not get anywhere else all the same.
    visible: bool = False


Rows = dict[str, Fault]
