"""Where it is measured: a rehearsal appliance, journals of several sizes, and the commands in front of them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import long_journals
from measure import NO_MORE, ONBOX, Answers, python, run, run_on_terminal
from yardsticks import EXPECT, TYPER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME, PASSWORD = "ocadmin", "Rehearsal-1!"
KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"
UPDATE = ["store", "-o", NAME, "-a", "update_config", KEY, "0", "GLOBAL"]
CHECK = ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"]
NAME_PROMPT, PASSWORD_PROMPT = (b"username:", NAME.encode()), (b"assword.*:", PASSWORD.encode())


@dataclass(frozen=True)
class Place:
    """A folder with everything in it."""

    folder: Path

    @property
    def rsautil(self) -> Path:
        """The rehearsal rsautil."""
        return self.folder / "appliance" / "am" / "utils" / "rsautil"

    def make(self) -> None:
        """Make the appliance and the yardsticks; and one run, whose records all journals are made of."""
        run([sys.executable, "tests/appliance/make.py", str(self.folder / "appliance")])
        (self.folder / "yardstick.py").write_text(TYPER)
        (self.folder / "yardstick.exp").write_text(EXPECT)
        self.settings("sample").parent.mkdir(exist_ok=True)
        self.resync("sample")

    def records(self, journal: str) -> list[dict[str, Any]]:
        """Return the records of *journal*."""
        return [json.loads(line) for line in (self.audit(journal) / "audit.jsonl").read_text().splitlines()]

    def fill(self, journal: str, records: int) -> None:
        """Make *journal* with so many *records*; the last ones are written by onbox itself, and so is what it notes."""
        self.settings(journal)
        sample = self.records("sample")
        long_journals.write(self.audit(journal), records - len(sample), sample)
        self.resync(journal)

    def audit(self, journal: str) -> Path:
        """Return the folder of *journal*."""
        return self.folder / "journals" / journal

    def settings(self, journal: str) -> Path:
        """Return the settings file for *journal*, and make both where they are missing."""
        folder, file = self.audit(journal), self.folder / f"{journal}.toml"
        if not file.exists():
            folder.mkdir(mode=0o700, parents=True)
            sections = {
                "appliance": f'home = "{self.rsautil.parent.parent}"',
                "timeouts": "update = 3600",
                "audit": f'directory = "{folder}"\nsyslog = ""',
            }
            file.write_text("".join(f"[{name}]\n{lines}\n" for name, lines in sections.items()))
        return file

    def onbox(self, journal: str, *arguments: str, code: str = ONBOX) -> list[str]:
        """Return the command onbox with the settings of *journal*."""
        return python(code, "--config", str(self.settings(journal)), *arguments)

    def resync(
        self,
        journal: str,
        *options: str,
        code: str = ONBOX,
        expected: int = 0,
        environment: Mapping[str, str] = NO_MORE,
    ) -> bytes:
        """Run a whole resynchronisation, type the password as soon as it is asked for, and return the screen."""
        given = ["-o", NAME, "--reason", "account-changed", "--confirm", os.uname().nodename]
        command = self.onbox(journal, *options, "resync", *given, code=code)
        return run_on_terminal(command, [PASSWORD_PROMPT], expected=expected, environment=environment)

    def expect(self) -> None:
        """Have expect answer the same two calls."""
        script = str(self.folder / "yardstick.exp")
        run(["expect", "-f", script, str(self.rsautil), NAME, PASSWORD, KEY])

    def bare_calls(self) -> None:
        """Run the same two calls and answer their prompts, without any program in between."""
        calls: list[tuple[list[str], Answers]] = [(CHECK, [NAME_PROMPT, PASSWORD_PROMPT]), (UPDATE, [PASSWORD_PROMPT])]
        for arguments, answers in calls:
            run_on_terminal([str(self.rsautil), *arguments], answers, folder=self.rsautil.parent)

    @property
    def peak_file(self) -> Path:
        """Where a process started with ONBOX_PEAK leaves its peak."""
        return self.folder / "peak"

    def peak(self) -> float:
        """Return the most memory that the last such process held, in MB."""
        return int(self.peak_file.read_text()) * 1024 / 1e6

    def behave(self, **behaviour: float | str) -> None:
        """Have the rehearsal rsautil behave otherwise from now on."""
        file = self.folder / "appliance" / "state" / "behaviour.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | behaviour))
