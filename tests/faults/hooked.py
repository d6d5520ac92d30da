"""Runs onbox with one of its functions made to fail, to stop, or to be hit by a signal at its Nth call.

    hooked.py PLAN ARGUMENTS OF ONBOX...

PLAN is `MODULE:FUNCTION N before|after ACTION`; ACTION is the name of a signal that the process sends to itself,
or `raise`: an exception whose text and local variables hold the password (read from where the double keeps it).
SIGSTOP lets a test do something at that moment; `-` as a plan changes nothing.
HOME/hooked.json says afterwards how much memory the process took at most, in bytes, and which secrets were not
forgotten when the hooked function was called.
"""

from __future__ import annotations

import ast
import functools
import gc
import json
import logging
import os
import pkgutil
import resource
import signal
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ["HOME"])


class DisasterError(Exception):
    """An unforeseen exception."""


def act(action: str) -> None:
    """Do what the plan says."""
    if action == "raise":
        accounts = ast.literal_eval((HOME.parent / "state" / "administrators").read_text())
        password = next(iter(accounts.values()))["password"]
        raise DisasterError(f"the password is {password}")
    os.kill(os.getpid(), getattr(signal, action))


def hook(place: str, number: int, when: str, action: str, report: dict[str, Any]) -> None:
    """Put a wrapper around the function at *place*, wherever onbox has imported it."""
    from onbox.resync import job  # noqa: F401, PLC0415 - so that all is there to be hooked
    from onbox.secret import Secret  # noqa: PLC0415

    original = pkgutil.resolve_name(place)
    calls = 0

    @functools.wraps(original)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        now = calls == number
        if now and when == "before":
            report["secrets"] = sum(each.has(b".") for each in gc.get_objects() if isinstance(each, Secret))
            act(action)
        result = original(*arguments, **keywords)
        if now and when == "after":
            act(action)
        return result

    owner, _, name = place.replace(":", ".").rpartition(".")
    setattr(pkgutil.resolve_name(owner), name, wrapper)
    for module in [each for key, each in sys.modules.items() if key.partition(".")[0] == "onbox"]:
        for key, value in vars(module).items():
            if value is original:
                setattr(module, key, wrapper)


def main() -> None:
    """Run the command line behind the plan."""
    plan, sys.argv = sys.argv[1], ["onbox", *sys.argv[2:]]
    report: dict[str, Any] = {}
    if "HOOKED_LOGGING" in os.environ:
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    from onbox.cli import main as onbox  # noqa: PLC0415

    if "-" != plan:
        place, number, when, action = plan.split()
        hook(place, int(number), when, action, report)
    try:
        onbox()
    finally:
        # A disk that is full for onbox is not full for what was measured of it.
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        # Not getrusage, which goes on counting from the process that started this one.
        status = Path("/proc/self/status").read_text()
        report["memory"] = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        (HOME / "hooked.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
