"""The state folder: administrators, configuration, secrets, the behaviour in force, and the list of calls."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Documented: five failed logins lock an Operations Console administrator for 60 minutes.
FAILURES_ALLOWED = 5
LOCKED_SECONDS = 3600


class State:
    """The files below one state folder; each change replaces its file whole.

    They hold Python's literals: to import json would take longer than all the rest of a call.
    """

    def __init__(self, folder: str) -> None:
        """Use the state in *folder*."""
        self.folder = folder
        self.call = f"{os.getpid()}-{time.time_ns()}"

    def read(self, name: str) -> dict[str, Any]:
        """Return what the file *name* holds."""
        with open(f"{self.folder}/{name}", encoding="utf-8") as file:
            return dict(eval(file.read()))

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Replace what the file *name* holds."""
        path = f"{self.folder}/{name}"
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(repr(content) + "\n")
        os.chmod(f"{path}.new", 0o600)  # under any umask
        os.replace(f"{path}.new", path)

    def log(self, event: str, **fields: object) -> None:
        """Append *event* of this call to calls: one line, one write."""
        line = repr({"call": self.call, "event": event, "time": time.time(), **fields}) + "\n"
        descriptor = os.open(f"{self.folder}/calls", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode())
        os.close(descriptor)

    def login(self, name: str, password: str, *, refuses: bool) -> str:
        """Return "" when *password* is that of *name*, unless rsautil *refuses* it; else the reason, a key of REFUSALS.

        Five wrong passwords lock for 60 minutes (documented for the Operations Console).
        That rsautil counts too, and that the right one starts the count anew, are assumptions.
        """
        administrators = self.read("administrators")
        administrator = administrators.get(name)
        if administrator is None:
            return "unknown"
        if administrator["locked_until"] > time.time():
            return "locked"
        wrong = refuses or administrator["password"] != password
        administrator["failures"] = administrator["failures"] + 1 if wrong else 0
        if administrator["failures"] >= FAILURES_ALLOWED:
            administrator.update(failures=0, locked_until=time.time() + LOCKED_SECONDS)
        self.write("administrators", administrators)
        return "refused" if wrong else ""
