"""`python -m onbox` does what the command onbox does."""

from __future__ import annotations

import subprocess
import sys

from onbox import __version__


def test_module() -> None:
    """The package can be run as a module."""
    done = subprocess.run([sys.executable, "-m", "onbox", "--version"], capture_output=True, text=True, check=True)

    assert (f"onbox {__version__}\n", "") == (done.stdout, done.stderr)
