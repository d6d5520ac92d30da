"""The ways in which the rehearsal appliance can answer: one table.

A row says what rsautil does differently, and the fact that rests on, or that it is an assumption.
Whatever a row leaves out is as in the row "documented".
"""

from __future__ import annotations

from .wordings import (
    BANNER,
    CONTEXT,
    LOCKED,
    MISSING,
    NO_DATABASE,
    NO_ROWS,
    PADDED_TABLE,
    PASSWORD,
    PSQL,
    REFUSED,
    SECRET,
    TABLE,
    TRACE,
    UNKNOWN,
    UPDATED,
    USERNAME,
)

VERIFY = ("verify",)
UPDATE = ("update",)
BOTH = VERIFY + UPDATE

ASSUMPTION = "assumption"
ANALOGY = "assumption, by analogy with the documented transcript of add_config"
OPEN_WORDING = "assumption: the vendor's documentation gives neither the words nor the exit code"
PSQL_EXIT = "concluded: psql without ON_ERROR_STOP exits 0 after an SQL error"
MISSING_KEY = "documented: a key that was never added is said not to exist; words and exit code are an assumption"
LOCKOUT = "documented: five failures lock for 60 minutes; words and exit code are an assumption"
JAVA = "concluded: rsautil is a shell script around Java tools"


class Variant:
    """One way to answer: what it *does*, its *source*, for which *commands* it is meant, and how it is played."""

    def __init__(
        self,
        does: str,
        source: str,
        commands: tuple[str, ...] = BOTH,
        *,
        opening: str = "",  # said before anything is asked
        asks: tuple[str, ...] | None = None,  # texts asked for; None: those the documentation shows for this command
        colon: str = ": ",  # what ends a prompt
        late: float = 0,  # seconds before each prompt (behaviour.json can set this and the other numbers)
        pieces: float = 0,  # seconds after every seven characters of a prompt
        echo: str = "off",  # while the password is typed: "off", "on", or "late" (off only after the prompt was seen)
        refuses: str = "",  # "refused", "unknown" or "locked", whatever is typed
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
        self.does, self.source, self.commands = does, source, commands
        self.opening, self.asks, self.colon = opening, asks, colon
        self.late, self.pieces, self.echo = late, pieces, echo
        self.refuses, self.tries = refuses, tries
        self.slow, self.says, self.noise, self.size = slow, says, noise, size
        self.changes = says is None and not noise and not refuses if changes is None else changes
        self.code, self.ends, self.leaves, self.spoils = code, ends, leaves, spoils


def refusal(does: str, says: str, code: int, *, refuses: str = "refused", tries: int = 1) -> Variant:
    """Return a row for a login that is refused, whatever is typed."""
    source = LOCKOUT if refuses == "locked" else OPEN_WORDING
    return Variant(does, source, says=says, code=code, refuses=refuses, tries=tries)


def answer(does: str, source: str, says: str, code: int = 0, *, changes: bool = False) -> Variant:
    """Return a row for an update that says this after the login."""
    return Variant(does, source, UPDATE, says=says, code=code, changes=changes)


def secret(does: str, says: str, code: int = 0) -> Variant:
    """Return a row for a manage-secrets that says this after the login."""
    return Variant(does, ASSUMPTION, VERIFY, says=says, code=code)


INCORRECT = "The user name or password you entered is incorrect.\n"
EXCEPTION = TRACE.replace("{exception}", "com.rsa.command.exception.InvalidCredentialsException: Access denied")
RUNTIME = TRACE.replace("{exception}", "java.lang.IllegalStateException: unable to initialize the store")
SERVICES = "The RSA Administration Server with Operations Console is not running.\n"
OTHER_KEY = UPDATED.replace("{key}", "auth_manager.admin.maximum_usable_tokens")
FATAL = "psql.bin: FATAL:  the database system is starting up\n"
SQL_ERROR = PSQL + 'ERROR:  relation "ims_config_value" does not exist\n'
MASTER = "Please enter the master password: "
QUESTION = "This changes every instance. Continue? (y/n): "

VARIANTS = {
    "documented": Variant("answers as the documented transcripts show", ANALOGY),
    "banner": Variant(
        "names its folder first", "documented for login shells; for rsautil an assumption", opening=BANNER
    ),
    # The login.
    "refused": refusal("refuses the password", REFUSED, 1),
    "refused-exit-0": refusal("refuses the password, exit 0", REFUSED, 0),
    "refused-exit-255": refusal("refuses the password, exit 255, as Java's exit(-1)", INCORRECT, 255),
    "refused-other-words": refusal("refuses the password in other words, exit 0", INCORRECT, 0),
    "refused-terse": refusal("says access denied, exit 2", "Access denied.\n", 2),
    "refused-trace": refusal("refuses the password with a stack trace", EXCEPTION, 1),
    "refused-silent": refusal("refuses the password without a word", "", 1),
    "refused-silent-exit-0": refusal("refuses the password without a word, exit 0", "", 0),
    "refused-asks-again": refusal("refuses, asks for the password twice more, exit 1", REFUSED, 1, tries=3),
    "refused-asks-again-exit-0": refusal("refuses, asks for the password twice more, exit 0", REFUSED, 0, tries=3),
    "refused-asks-at-once": refusal("asks for the password again without a word", "", 1, tries=3),
    "unknown-administrator": refusal("does not know the administrator", UNKNOWN, 1, refuses="unknown"),
    "unknown-administrator-exit-0": refusal("does not know the administrator, exit 0", UNKNOWN, 0, refuses="unknown"),
    "unknown-as-refused": refusal(
        "says of an unknown administrator what it says of a wrong password", REFUSED, 1, refuses="unknown"
    ),
    "locked": refusal("says that the account is locked", LOCKED, 1, refuses="locked"),
    "locked-exit-0": refusal("says that the account is locked, exit 0", LOCKED, 0, refuses="locked"),
    "locked-as-refused": refusal(
        "says of a locked account what it says of a wrong password", REFUSED, 1, refuses="locked"
    ),
    "locked-other-words": refusal(
        "names the minutes", "Too many failed logins. Try again in 60 minutes.\n", 1, refuses="locked"
    ),
    # The services below.
    "database-down": Variant("cannot connect after the login", OPEN_WORDING, says=NO_DATABASE, code=2),
    "database-down-exit-0": Variant("cannot connect after the login, exit 0", OPEN_WORDING, says=NO_DATABASE),
    "database-starting": Variant("says FATAL after the login", OPEN_WORDING, says=FATAL, code=2),
    "database-down-unasked": Variant("cannot connect, asks nothing", OPEN_WORDING, asks=(), says=NO_DATABASE, code=1),
    "services-down": Variant("asks nothing, says so", OPEN_WORDING, asks=(), says=SERVICES, code=1),
    "services-down-exit-0": Variant("asks nothing, says so, exit 0", OPEN_WORDING, asks=(), says=SERVICES),
    "stack-trace": Variant("prints a Java stack trace after the login", JAVA, says=RUNTIME, code=1),
    "stack-trace-exit-0": Variant("prints a Java stack trace after the login, exit 0", JAVA, says=RUNTIME),
    "stack-trace-unasked": Variant("prints a Java stack trace and asks nothing", JAVA, asks=(), says=RUNTIME, code=1),
    "no-output": Variant("says nothing after the login, exit 0", ASSUMPTION, says=""),
    "no-output-exit-1": Variant("says nothing after the login, exit 1", ASSUMPTION, says="", code=1),
    "mute": Variant("asks and says nothing, exit 0", ASSUMPTION, asks=(), says=""),
    "mute-exit-1": Variant("asks and says nothing, exit 1", ASSUMPTION, asks=(), says="", code=1),
    # The answer of update_config.
    "no-notice": answer("prints the result row alone", ANALOGY, TABLE, changes=True),
    "notice-other-words": answer(
        "words its NOTICE otherwise",
        ANALOGY,
        PSQL
        + 'NOTICE:  Configuration parameter "{key}" changed from "1763942400000" to "{value}" for {instance}\n'
        + TABLE,
        changes=True,
    ),
    "notice-after-table": answer(
        "prints the NOTICE after the table", "concluded: they are two streams", TABLE + UPDATED, changes=True
    ),
    "notice-other-key": answer("names another key", ASSUMPTION, OTHER_KEY + TABLE),
    "notice-other-value": answer("names another value", ASSUMPTION, UPDATED.replace("{value}", "1") + TABLE),
    "notice-longer-key": answer(
        "names a key that begins alike", ASSUMPTION, UPDATED.replace("{key}", "{key}.previous") + TABLE
    ),
    "notice-alone": answer("prints the NOTICE and no table", ASSUMPTION, UPDATED, changes=True),
    "padded-table": answer(
        "pads the table as psql does", "concluded: psql's aligned output", UPDATED + PADDED_TABLE, changes=True
    ),
    "no-rows": answer("prints a table without a row", ASSUMPTION, NO_ROWS),
    "table-other-action": answer(
        "prints the table of add_config", ASSUMPTION, UPDATED + TABLE.replace("{action}", "add_config")
    ),
    "success-exit-1": answer("prints what success prints, exit 1", ASSUMPTION, UPDATED + TABLE, 1, changes=True),
    "missing-notice": answer(
        "NOTICE and result row: no such key", MISSING_KEY, PSQL + "NOTICE:  " + MISSING + "\n" + TABLE
    ),
    "missing-error": answer("ERROR: no such key, exit 0", PSQL_EXIT, PSQL + "ERROR:  " + MISSING + "\n" + CONTEXT),
    "missing-error-exit-1": answer(
        "ERROR: no such key, exit 1", MISSING_KEY, PSQL + "ERROR:  " + MISSING + "\n" + CONTEXT, 1
    ),
    "sql-error": answer("ERROR: relation missing, exit 0", PSQL_EXIT, SQL_ERROR),
    "sql-error-exit-3": answer(
        "ERROR: relation missing, exit 3", "concluded: psql with ON_ERROR_STOP exits 3", SQL_ERROR, 3
    ),
    "success-and-error": answer(
        "prints NOTICE, row and an ERROR", PSQL_EXIT, UPDATED + TABLE + SQL_ERROR, changes=True
    ),
    "error-and-success": answer(
        "prints an ERROR, then NOTICE and row", PSQL_EXIT, SQL_ERROR + UPDATED + TABLE, changes=True
    ),
    # The answer of manage-secrets.
    "value-missing": secret("prints the label and nothing behind it", "com.rsa.db.dba.password: \n"),
    "value-next-line": secret("prints the value on the next line", "com.rsa.db.dba.password:\n{dba}\n"),
    "value-only": secret("prints the value without its label", "{dba}\n"),
    "value-other-label": secret("prints another secret", "com.rsa.db.user.password: {dba}\n"),
    "value-among-others": secret(
        "prints the line below another one", "com.rsa.db.user.password: {dba}-user\n" + SECRET
    ),
    "value-exit-1": secret("prints the line, exit 1", SECRET, 1),
    "value-and-error": secret("prints the line and an error", SECRET + "ERROR: the secret could not be decrypted\n", 1),
    # The prompts.
    "asks-username": Variant("asks for the name in spite of -o", ASSUMPTION, UPDATE, asks=(USERNAME, PASSWORD)),
    "asks-password-only": Variant("does not ask for the name", ASSUMPTION, VERIFY, asks=(PASSWORD,)),
    "asks-password-twice": Variant("wants the right password typed twice", ASSUMPTION, asks=(PASSWORD, PASSWORD)),
    "question-first": Variant("asks to continue before the password", ASSUMPTION, asks=(QUESTION, PASSWORD)),
    "question-after": Variant("asks to continue after the password", ASSUMPTION, asks=(PASSWORD, QUESTION)),
    "master-password": Variant("asks for another password first", ASSUMPTION, asks=(MASTER, PASSWORD)),
    "prompt-in-pieces": Variant("prints its prompts in pieces", JAVA, pieces=0.02),
    "prompt-late": Variant("is long in asking", "concluded: a JVM starts slowly", late=1.0),
    "prompt-without-space": Variant(
        "prints no space after the colon", "documented prompt; the space is an assumption", colon=":"
    ),
    "prompt-without-colon": Variant("prints no colon", ASSUMPTION, colon=""),
    "prompt-other-words": Variant("asks in other words", ASSUMPTION, asks=("Password for OC Administrator: ",)),
    "prompt-after-noise": Variant(
        "prints warnings on the line of the prompt", ASSUMPTION, opening="log4j:WARN No appenders. "
    ),
    "echo-on": Variant("switches echo on", "assumption: the worst a program can do at a prompt", echo="on"),
    "echo-late": Variant("switches echo off after the prompt was shown", ASSUMPTION, echo="late"),
    "password-echoed": Variant("prints the password back", ASSUMPTION, says="Using {password}.\n"),
    "password-echoed-refused": refusal("names the wrong password", "Not the password of {name}: '{password}'\n", 1),
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
    "killed": Variant("Java is killed before the change; the wrapper exits 137", JAVA, says="", ends="java killed"),
    "killed-after-change": Variant(
        "Java is killed after the change, before a word", JAVA, says="", changes=True, ends="java killed"
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
}
