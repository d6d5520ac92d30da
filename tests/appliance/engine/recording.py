"""A recording: what rsautil printed once, or is thought to print, and what onbox must make of it.

A text file: a head of four lines, an empty line, and the lines as they appeared, prompts included.
"""

from __future__ import annotations

PROMPTS = ("Please enter OC Administrator username:", "Please enter OC Administrator password:")


class Recording:
    """One file: its head, and the lines before and after the password was given (`asks`: it was asked for)."""

    def __init__(self, text: str) -> None:
        """Read the *text* of the file.

        Raises:
            ValueError: its head is not as it should be.

        """
        head, _, body = text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.split("\n"))
        if list(fields) != ["source", "exit status", "outcome", "code"]:
            raise ValueError(f"not the head of a recording: {list(fields)}")
        self.source, self.outcome, self.code = fields["source"], fields["outcome"], fields["code"]
        # A number, "signal N", or "stopped" for what onbox ended at its limit of time.
        self.status = fields["exit status"]
        lines = body.split("\n")[:-1]
        asked = [number for number, line in enumerate(lines) if line.startswith(PROMPTS)]
        self.asks = bool(asked) and lines[asked[-1]].startswith(PROMPTS[-1])
        self.before = lines[: asked[0]] if asked else lines
        self.after = lines[asked[-1] + 1 :] if asked else []


def load(path: str) -> Recording:
    """Return the recording in the file *path*."""
    with open(path, encoding="utf-8") as file:
        return Recording(file.read())
