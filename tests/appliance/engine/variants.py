"""The ways in which the rehearsal appliance can behave: one table, and the recordings.

A row says what rsautil does differently, and the fact that rests on, or that it is an assumption.
Fields that a row leaves out are as in the row "documented".
An answer that differs only in words is a recording (tests/transcripts), played under the name of its file.
"""

from __future__ import annotations

from .recording import load

# Documented, word for word; that a space follows the colon is an assumption.
USERNAME = "Please enter OC Administrator username: "
PASSWORD = "Please enter OC Administrator password: "
# Documented for a tool of version 7.1.
QUESTION = "Are you sure you want to continue? (Y/N): "

REFUSED = "Authentication failed: invalid OC Administrator credentials.\n"

ASSUMPTION = "assumption"
ANALOGY = "assumption, by analogy with the documented transcript of add_config"
JAVA = "concluded: rsautil is a shell script around Java tools"
EDITOR = "concluded: transcripts of the same family of tools show an asterisk for each character"


class Variant:
    """One way to answer: what it *does*, its *source*, and how it is played."""

    opening: str = ""  # said before anything is asked
    asks: tuple[str, ...] | None = None  # texts asked for; None: those the documentation shows for this command
    colon: str = ": "  # what ends a prompt
    pieces: float = 0  # seconds after every seven characters of a prompt
    redraws: float = 0  # seconds after which a line editor draws its prompt again, with an asterisk a character
    echo: bool = False  # is echo switched on while the password is typed?
    refuses: bool = False  # any login
    tries: int = 1  # times a password is asked for before rsautil gives up
    says: str | None = None  # the answer; None: the documented one, or the one by analogy with it
    noise: str = ""  # in place of the answer: "random", "lines" or "line"
    size: int = 0  # bytes of noise; the behaviour can set it
    changes: bool = False  # is the marker written although the answer is not the usual one?
    code: int = 0  # exit code
    # "exits", "hangs at once", "hangs", "hangs on", "wrapper killed" or "both killed"
    ends: str = "exits"
    leaves: bool = False  # a process behind, in a group of its own

    def __init__(self, does: str, source: str, **fields: object) -> None:
        """Make a row that differs in *fields* from the documented one."""
        self.does, self.source = does, source
        self.__dict__.update(fields)
        self.changes = self.changes or (self.says is None and not self.noise)


VARIANTS = {
    "documented": Variant("answers as the documented transcripts show", ANALOGY),
    # The prompts.
    "asks-password-twice": Variant("wants the right password typed twice", ASSUMPTION, asks=(PASSWORD, PASSWORD)),
    "refused-asks-again": Variant(
        "refuses, asks for the password twice more", ASSUMPTION, says=REFUSED, code=1, refuses=True, tries=3
    ),
    "refused-asks-at-once": Variant(
        "asks for the password again without a word", ASSUMPTION, says="", code=1, refuses=True, tries=3
    ),
    "question-first": Variant("asks to continue before the password", ASSUMPTION, asks=(QUESTION, PASSWORD)),
    "prompt-in-pieces": Variant("prints its prompts in pieces", JAVA, pieces=0.02),
    "prompt-without-colon": Variant("prints no colon", ASSUMPTION, colon=""),
    "prompt-after-noise": Variant(
        "prints warnings on the line of the prompt", ASSUMPTION, opening="log4j:WARN No appenders. ", colon=":"
    ),
    "line-editor": Variant("draws its prompt again and again", EDITOR, redraws=0.01),
    "echo-on": Variant("switches echo on", "assumption: the worst a program can do at a prompt", echo=True),
    # Noise.
    "random-bytes": Variant("answers with 1 MB of random bytes", ASSUMPTION, noise="random", size=1_000_000),
    "much-output": Variant("answers with 100 MB of lines", ASSUMPTION, noise="lines", size=100_000_000),
    "long-line": Variant("answers with 300 KB without a line end", ASSUMPTION, noise="line", size=300_000),
    "invalid-utf-8": Variant(
        "answers with bytes that are not UTF-8", ASSUMPTION, says="\udcff\udcfe\udcc3( \udce2\udc82\n"
    ),
    "terminal-escapes": Variant(
        "answers with escape sequences that clear the screen, set the title and ask for a report",
        ASSUMPTION,
        says="\x1b[2J\x1b[H\x1b]0;owned\x07\x1b[6n\x1b[31mdone\x1b[0m\x08\x08\x9b1m\r\n",
    ),
    # The end.
    "never-ends-stubborn": Variant("never ends and ignores SIGTERM, SIGHUP and SIGINT", JAVA, says="", ends="hangs on"),
    "wrapper-killed": Variant("the wrapper is killed and Java lives on", JAVA, ends="wrapper killed"),
    "all-killed": Variant("wrapper and Java are killed before the change", JAVA, says="", ends="both killed"),
    "leaves-child": Variant("ends, but a child in a group of its own holds the terminal", JAVA, leaves=True),
}  # fmt: skip


def variant(name: str, folder: str) -> Variant:
    """Return the row *name*, or what plays the recording of that name in *folder*."""
    if name in VARIANTS:
        return VARIANTS[name]
    recording = load(f"{folder}/{name}.txt")
    stops = recording.status == "stopped"
    return Variant(
        "plays a recording",
        recording.source,
        opening="".join(f"{line}\n" for line in recording.before),
        asks=None if recording.asks else (),
        says="".join(f"{line}\n" for line in recording.after),
        changes=recording.outcome != "failure",
        code=0 if stops else int(recording.status.split()[-1]) + 128 * recording.status.startswith("signal"),
        ends="exits" if not stops else "hangs" if recording.asks else "hangs at once",
    )
