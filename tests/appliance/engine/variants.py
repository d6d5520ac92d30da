"""The ways in which the rehearsal appliance can behave: one table, and the recordings.

A row says what rsautil does differently, and the fact that rests on, or that it is an assumption.
Fields that a row leaves out are as in the row "documented".
An answer that differs only in words is a recording (tests/transcripts), played under the name of its file.
"""

from __future__ import annotations

from .recording import load
from .wordings import BANNER, MASTER, PASSWORD, QUESTION, REFUSED, SECRET, TABLE, UPDATED, USERNAME

ASSUMPTION = "assumption"
ANALOGY = "assumption, by analogy with the documented transcript of add_config"
JAVA = "concluded: rsautil is a shell script around Java tools"
EDITOR = "concluded: transcripts of the same family of tools show an asterisk for each character"


class Variant:
    """One way to answer: what it *does*, its *source*, and how it is played."""

    def __init__(
        self,
        does: str,
        source: str,
        *,
        opening: str = "",  # said before anything is asked
        asks: tuple[str, ...] | None = None,  # texts asked for; None: those the documentation shows for this command
        colon: str = ": ",  # what ends a prompt
        late: float = 0,  # seconds before each prompt (behaviour.json can set this and the other numbers)
        pieces: float = 0,  # seconds after every seven characters of a prompt
        redraws: float = 0,  # seconds after which a line editor draws its prompt again, with an asterisk a character
        echo: str = "off",  # while the password is typed: "off", "on", or "late" (off only after the prompt was seen)
        refuses: bool = False,  # any login
        tries: int = 1,  # times a password is asked for before rsautil gives up
        slow: float = 0,  # seconds after every line said
        says: str | None = None,  # the answer; None: the documented one, or the one by analogy with it
        noise: str = "",  # in place of the answer: "random", "lines" or "line"
        size: int = 0,  # bytes of noise
        changes: bool | None = None,  # is the marker written? None: when the answer is the usual one
        code: int = 0,  # exit code
        # "exits", "hangs at once", "hangs", "hangs on", "java killed", "wrapper killed" or "both killed"
        ends: str = "exits",
        leaves: str = "",  # a process left behind: "in its group" or "in its own group"
        spoils: str = "",  # what is done to the rsautil file at the end: "removed", "replaced" or "not executable"
    ) -> None:
        """Fill the row."""
        self.does, self.source = does, source
        self.opening, self.asks, self.colon, self.redraws = opening, asks, colon, redraws
        self.late, self.pieces, self.echo = late, pieces, echo
        self.refuses, self.tries = refuses, tries
        self.slow, self.says, self.noise, self.size = slow, says, noise, size
        self.changes = says is None and not noise and not refuses if changes is None else changes
        self.code, self.ends, self.leaves, self.spoils = code, ends, leaves, spoils


VARIANTS = {
    "documented": Variant("answers as the documented transcripts show", ANALOGY),
    # The prompts.
    "asks-username": Variant("asks for the name in spite of -o", ASSUMPTION, asks=(USERNAME, PASSWORD)),
    "asks-password-only": Variant("does not ask for the name", ASSUMPTION, asks=(PASSWORD,)),
    "asks-password-twice": Variant("wants the right password typed twice", ASSUMPTION, asks=(PASSWORD, PASSWORD)),
    "refused-asks-again": Variant(
        "refuses, asks for the password twice more", ASSUMPTION, says=REFUSED, code=1, refuses=True, tries=3
    ),
    "refused-asks-at-once": Variant(
        "asks for the password again without a word", ASSUMPTION, says="", code=1, refuses=True, tries=3
    ),
    "question-first": Variant("asks to continue before the password", ASSUMPTION, asks=(QUESTION, PASSWORD)),
    "question-after": Variant(
        "asks to continue after the password", "documented for another tool of 7.1", asks=(PASSWORD, QUESTION)
    ),
    "master-password": Variant("asks for another password first", ASSUMPTION, asks=(MASTER, PASSWORD)),
    "prompt-in-pieces": Variant("prints its prompts in pieces", JAVA, pieces=0.02),
    "prompt-late": Variant("is long in asking", "concluded: a JVM starts slowly", late=1.0),
    "prompt-without-colon": Variant("prints no colon", ASSUMPTION, colon=""),
    "prompt-after-noise": Variant(
        "prints warnings on the line of the prompt", ASSUMPTION, opening="log4j:WARN No appenders. ", colon=":"
    ),
    "line-editor": Variant("draws its prompt again and again", EDITOR, redraws=0.01),
    "echo-on": Variant("switches echo on", "assumption: the worst a program can do at a prompt", echo="on"),
    "echo-late": Variant("switches echo off after the prompt was shown", ASSUMPTION, echo="late"),
    # Secrets.
    "password-echoed": Variant("prints the password back", ASSUMPTION, says="Using {password}.\n"),
    "secret-traced": Variant(
        "traces its commands, with the secret of the login check", ASSUMPTION,
        says="+ PGPASSWORD='{dba}' psql.bin -f /tmp/x.sql\n" + UPDATED + TABLE, changes=True,
    ),
    "value-exit-1": Variant("prints the line of the login check, exit 1", ASSUMPTION, says=SECRET, code=1),
    # Noise.
    "random-bytes": Variant("answers with 1 MB of random bytes", ASSUMPTION, noise="random", size=1_000_000),
    "much-output": Variant("answers with 100 MB of lines", ASSUMPTION, noise="lines", size=100_000_000),
    "long-line": Variant("answers with 1 MB without a line end", ASSUMPTION, noise="line", size=1_000_000),
    "invalid-utf-8": Variant(
        "answers with bytes that are not UTF-8", ASSUMPTION, says="\udcff\udcfe\udcc3( \udce2\udc82\n"
    ),
    "terminal-escapes": Variant(
        "answers with escape sequences that clear the screen, set the title and ask for a report",
        ASSUMPTION,
        says="\x1b[2J\x1b[H\x1b]0;owned\x07\x1b[6n\x1b[31mdone\x1b[0m\x08\x08\x9b1m\r\n",
    ),
    # The end.
    "slow": Variant("takes its time for every line", "concluded: a JVM starts slowly", late=0.5, slow=0.2),
    "silent-forever": Variant("prints nothing and never ends", ASSUMPTION, ends="hangs at once", changes=False),
    "never-asks": Variant(
        "names its folder and never ends", ASSUMPTION, opening=BANNER, ends="hangs at once", changes=False
    ),
    "never-ends": Variant("never ends after the password", ASSUMPTION, says="", ends="hangs"),
    "never-ends-after-success": Variant("prints what success prints and never ends", ASSUMPTION, ends="hangs"),
    "never-ends-stubborn": Variant("never ends and ignores SIGTERM, SIGHUP and SIGINT", JAVA, says="", ends="hangs on"),
    "killed-after-change": Variant(
        "Java is killed after the change, before a word; the wrapper exits 137", JAVA, says="", changes=True,
        ends="java killed",
    ),
    "wrapper-killed": Variant("the wrapper is killed and Java lives on", JAVA, ends="wrapper killed"),
    "all-killed": Variant("wrapper and Java are killed before the change", JAVA, says="", ends="both killed"),
    "leaves-child": Variant("ends, but a child holds the terminal", JAVA, leaves="in its group"),
    "leaves-child-in-group": Variant(
        "ends, but a child in a group of its own holds the terminal", JAVA, leaves="in its own group"
    ),
    "removed": Variant("rsautil is gone afterwards", ASSUMPTION, spoils="removed"),
    "replaced": Variant("rsautil is another file afterwards", ASSUMPTION, spoils="replaced"),
    "not-executable": Variant("rsautil can't be executed afterwards", ASSUMPTION, spoils="not executable"),
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
