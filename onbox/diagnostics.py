"""The diagnostic log: with --verbose, how long each step took and where an unexpected error came from.

It goes to standard error, and never shows a value that a program held.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Diagnostics:
    """Writes the diagnostic log, or nothing when it is not wanted."""

    def __init__(self, *, verbose: bool) -> None:
        """Write to standard error when VERBOSE."""
        self._log: Any = _logger() if verbose else None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note how many seconds the step NAME took."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._write("step", name=name, seconds=round(time.perf_counter() - started, 3))

    def failure(self, error: Exception) -> None:
        """Note where ERROR came from: files and lines, no values and not its text, which could hold one."""
        self._write("unexpected", error=type(error).__name__, frames=traceback_of(error))

    def _write(self, event: str, **fields: object) -> None:
        # A terminal that is gone must not end a run that is changing something.
        with suppress(OSError):
            if self._log:
                self._log.msg(event, **fields)


def traceback_of(error: Exception) -> list[str]:
    """Give the places that ERROR went through, the innermost last."""
    places = []
    frame = error.__traceback__
    while frame:
        places.append(f"{frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}")
        frame = frame.tb_next
    return places


def _logger() -> Any:  # noqa: ANN401 - a logger of structlog
    import structlog  # noqa: PLC0415 - only when it is wanted

    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.processors.LogfmtRenderer(key_order=["event"])],
        wrapper_class=structlog.BoundLogger,
    )
