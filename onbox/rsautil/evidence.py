"""The proof in the lines that rsautil writes after it received the password.

A list of bad words can't be complete. So a line proves something only if its whole form is in the table below, and
everything else, in any language, is not understood.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from glob import escape
from typing import Literal, NamedTuple

Kind = Literal[
    "value", "head", "rule", "cell", "count", "missing", "error", "unconnected", "belongs", "begin", "commit", "silent"
]

KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"

# psql puts the program, the file and the line before what it says of a statement.
_PROGRAM = r"(?:[\w./+-]{0,200}/)?psql(?:\.\w+)?"
_AT = rf"(?:{_PROGRAM}:[^:]{{1,300}}:\d{{1,9}}: )?"
# RAISE gives a NOTICE the SQLSTATE 00000.
_NOTICE = rf"{_AT}(?:NOTICE|INFO):  (?:00000: )?"
_OUR_KEY = rf"(?:\"{re.escape(KEY)}\"|'{re.escape(KEY)}'|{re.escape(KEY)})"
_A_KEY = r"(?<![\w.])(?:auth_manager|ims)\.\w"
# The words that can stand between the verb, the key and the new value; any other word could change the meaning.
_THE = (
    r"(?:[Tt]he )?(?:new )?(?:[Vv]alue (?:of|for) (?:the )?)?(?:[Cc]onfig(?:uration)? )?"
    r"(?:(?:[Pp]arameter|setting|property|key|value) )?"
)
_INSTANCE = r"(?:(?:for|in|on) (?:the )?(?:instance )?\"?GLOBAL\"? )?"
_VERB = r"(?:[Uu]pdated|[Cc]hanged|[Ss]et|[Aa]dded|[Mm]odified)"
_DONE = r"(?:(?:was|has been|is) )?(?:updated|changed|set)"
_OLD = r"(?:from (?:the )?(?:old |previous )?(?:value )?(?:\"[^\"]*\"|'[^']*'|[\w.+-]+) )?"
_ZERO = r"(?:the )?(?:new )?(?:value )?(?:of )?(?:\"0\"|'0'|0)(?: (?:for|on) (?:the )?(?:instance )?\"?GLOBAL\"?)?\.?"
_NAME = rf"(?:\"(?!{_A_KEY})[^\"]+\"|(?!{_A_KEY})[\w.]+\([\w ,.\[\]]*\))"
_PSQL = rf"{_PROGRAM}: (?:error: )?"
_LOST = r"(?!.*(?:closed the connection|terminating connection|connection [\w ]*lost))"
_UNREACHED = (
    rf"{_LOST}(?:could not connect to server: .+"
    r"|connection to server (?:at \"[^\"]*\"(?: \([^)]*\))?, port \d+|on socket \"[^\"]*\") failed: .+|FATAL:  .+)"
)
_SKIPPED = rf"(?:[a-z]+ ){{1,3}}{_NAME}(?: (?:of|for|on) (?:relation|table) {_NAME})?"
_FRAME = r"(?:SQL statement \".+\"|SQL function .+|PL/pgSQL function .+ line \d+ at .+)"

# Sentences that programs write about themselves, and that say nothing about the update: a pattern a line.
_VM = r"(?:OpenJDK|Java HotSpot\(TM\)) (?:64-Bit |Client |Server )*VM warning: "
_SOON = r"and will likely be removed in a future release\.?"
_CONSOLE = (
    r"logging only errors to the console\)?(?:, or user programmatically provided configurations)?\."
    r"(?: Set system property '\S*' (?:to TRACE )?to show Log4j ?2 internal initialization logging\.)?"
    r"(?: See https://logging\.apache\.org/\S* for instructions on how to configure Log4j 2)?"
)
_STATUS = r"(?:\d{4}-\d\d-\d\d[ T][\d:.,Z]+ )?(?:main )?(?:ERROR|WARN) StatusLogger "
_SLF4J = r"SLF4J(?:\([WI]\))?: "
_IMPACT = r"This will impact (?:performance|location-based features)\."
_SIMPLE = r"Using SimpleLogger to log to the console\.\.\."
_CHATTER = rf"""
# The vendor's tools and login shells, as documented
(?:Manage \S*|Store|\S* Utility) ims-\S*-build\S*
Copyright \([Cc]\) \S* (?:RSA|EMC|Dell).* All rights reserved\.
%% Running at: \S*:\[\S*\] %%
RSA Authentication Manager Installation Directory: /\S*
# psql and PostgreSQL
psql(?:\.bin)? \(.*\)
Type "help" for help\.
WARNING: psql (?:major )?version \S*, server (?:major )?version \S*\.
         Some psql features might not work\.
SSL connection \((?:protocol|cipher): .*\)
WARNING: password file ".*" has group or world access; permissions should be u=rw \(0600\) or less
Timing is on\.
Time: \S* ms(?: \(.*\))?
{_AT}WARNING:  pgstat wait timeout
{_AT}WARNING:  database "\S*" has a collation version mismatch
DETAIL:  The database was created using collation version \S*, but the operating system provides version \S*\.
HINT:  Rebuild all objects in this database that use the default collation and run ALTER DATABASE \S* REFRESH .*
{_AT}WARNING:  nonstandard use of \S* in a string literal
HINT:  Use the escape string syntax for (?:backslashes|quotes|escapes), e\.g\., E'.*'\.
# Shells, of a mailbox and of a locale that is not installed
You have (?:new )?mail(?: in \S*)?\.
\S*: (?:line \S*: )?warning: setlocale: LC_\S*: cannot change locale \(\S*\)(?:: No such file or directory)?
perl: warning: (?:Setting locale failed|Please check that your locale settings|Falling back to [\w ]+ \(\S*\))[.:]
        (?:LANGUAGE|LANG|LC_\S*) = (?:\(unset\)|"\S*"),?
    are supported and installed on your system\.
# The JVM, of its options and of what programs do to it
(?:NOTE: )?Picked up _?(?:JAVA_TOOL|JAVA|JDK_JAVA)_OPTIONS: .*
{_VM}[iI]gnoring option \S*; support was removed in \S*
{_VM}(?:Options? \S*(?: and \S*)? (?:was|were)|Using .* is) deprecated (?:in (?:version |JDK )?\S* )?{_SOON}
{_VM}Cannot open file \S* due to (?:No such file or directory|Permission denied)
WARNING: (?:An illegal reflective access operation has occurred|A command line option has enabled the Security Manager)
WARNING: (?:\S*::\S* has been called|Illegal reflective access) by \S* \(\S*\)(?: to (?:method|field|constructor) \S*)?
WARNING: Please consider reporting this to the maintainers of \S*
WARNING: A terminally deprecated method in \S* has been called
WARNING: Use --illegal-access=warn to enable warnings of further illegal reflective access operations
WARNING: All illegal access operations will be denied in a future release
WARNING: (?:\S*::\S* will|The Security Manager is deprecated and will) be removed in a future release
# Log4j 1 and 2 and SLF4J 1 and 2, of their set-up
log4j:WARN (?:No appenders could be found for logger \(\S*\)|Please initialize the log4j system properly)\.
log4j:WARN See https?://logging\.apache\.org/log4j/1\.2/faq\.html#noconfig for more info\.
WARNING: sun\.reflect\.Reflection\.getCallerClass is not supported\. {_IMPACT}
WARNING: Runtime environment or build system does not support multi-release JARs\. {_IMPACT}
{_STATUS}No (?:log4j2|Log4j 2) configuration file found\. Using default configuration(?:: | \(){_CONSOLE}
{_STATUS}Log4j2 could not find a logging implementation\. Please add log4j-core to the classpath\. {_SIMPLE}
{_SLF4J}(?:Failed to load class "org\.slf4j\.impl\.\S*"|No SLF4J providers were found)\.
{_SLF4J}Defaulting to no-operation (?:\(NOP\) logger implementation|MDCAdapter implementation\.)
{_SLF4J}See https?://www\.slf4j\.org/codes\.html#\S* for (?:further details|an explanation)\.
{_SLF4J}Class path contains (?:multiple )?SLF4J (?:binding|provider)s(?: targeting slf4j-api versions \S* or earlier)?\.
{_SLF4J}(?:Found|Actual|Ignoring|Connected with) (?:binding|provider) (?:in |(?:found at |is )?(?:of type )?)\[\S*\]
"""


class Form(NamedTuple):
    """One row of the table: lines that look so are of this kind.

    A line of this form needs one of `after` to be open, if there is any; `opens` is what later lines can belong to.
    """

    kind: Kind
    looks: re.Pattern[str]
    after: frozenset[str]
    opens: str


def _form(kind: Kind, *looks: str, after: str = "", opens: str = "") -> Form:
    return Form(kind, re.compile("|".join(looks)), frozenset(after.split()), opens)


# The first form that fits decides; behind each, where it is known from.
FORMS: tuple[Form, ...] = (
    # By analogy with the documented transcript of add_config: a NOTICE names the key and its new value.
    _form(
        "value",
        rf"{_NOTICE}{_VERB} {_THE}{_OUR_KEY}(?: |(?==)){_INSTANCE}{_OLD}(?:to |with |= ?){_ZERO}",
        rf"{_NOTICE}{_THE}{_OUR_KEY} {_DONE} {_INSTANCE}{_OLD}(?:to|with) {_ZERO}",
        rf"{_NOTICE}{_THE}{_OUR_KEY} (?:was )?changed: old value:? \"?[\w.+-]+\"?, new value:? {_ZERO}",
        opens="notice",
    ),
    # From the same transcript: the column of the SQL function, its rule, its row and their number.
    _form("head", r" *update_config"),
    _form("rule", r" *-{3,}"),
    _form("cell", r" *[t1]?"),
    _form("count", r"\(1 row\)"),
    # Documented: the vendor's own words for a key that is not there; and the same as RAISE EXCEPTION has psql print it.
    _form(
        "missing",
        rf"{_AT}ERROR: {_OUR_KEY} (?:is not found|does not exist)\.?",
        rf"{_AT}ERROR:  (?:[0-9A-Z]{{5}}: )?{_THE}{_OUR_KEY} (?:is not found|does not exist)\.?",
        opens="error",
    ),
    # PostgreSQL: a statement that ends in an ERROR has no effect.
    _form("error", rf"{_AT}ERROR:  .+", opens="error"),
    # psql 9.4 to 16, before its first statement, with a line or more for each address that it tried.
    _form(
        "unconnected",
        rf"{_PSQL}{_UNREACHED}",
        rf"{_PSQL}(?:could not (?:translate host name|create socket|initiate GSSAPI).+|timeout expired|SSL error: .+)",
        rf"{_PSQL}(?:fe_sendauth: no password supplied|server does not support SSL, but SSL was required)",
        opens="connection",
    ),
    _form(
        "belongs",
        _UNREACHED,
        r"\s+Is the server running (?:on (?:host .+|that host)|locally) and accepting"
        r"(?: TCP/IP connections\?| connections on that socket\?)?",
        r"\s+(?:TCP/IP connections on port \d+|connections on Unix domain socket \".+\")\?",
        r"password retrieved from file \".+\"",
        after="connection",
    ),
    # psql, with the message that it adds them to.
    _form("belongs", r"(?:DETAIL|HINT|QUERY|STATEMENT|[A-Z]+ NAME):  .+|LINE \d+: .+|\s*\^", after="error"),
    _form("belongs", r"LOCATION:  .+", after="notice error context"),
    _form("belongs", rf"CONTEXT:  {_FRAME}", after="notice error context", opens="context"),
    _form("belongs", r"CONTEXT:  .+", after="error", opens="context"),
    _form("belongs", _FRAME, after="context"),
    # psql: tags of statements that change no row of a table.
    _form("begin", r"BEGIN"),
    _form("commit", r"COMMIT"),
    _form("silent", r"SET|CREATE FUNCTION|DROP [A-Z]+(?: [A-Z]+)*"),
    # PostgreSQL: DROP ... IF EXISTS and CREATE ... IF NOT EXISTS.
    _form("silent", rf"{_NOTICE}{_SKIPPED} (?:does not exist|already exists), skipping", opens="notice"),
    # Vendor, psql, shells, the JVM and its logging libraries, each of itself.
    _form("silent", *(line for line in _CHATTER.split("\n") if line and not line.startswith("# "))),
)

# A longer line has none of these forms.
_LONGEST = 4000
# The parts of the result, in their order.
_RESULT: tuple[Kind, ...] = ("head", "rule", "cell", "count")
_ERRORS = ("missing", "error", "unconnected")
_PROOF = ("value", *_ERRORS)
_TAG = (
    r"(?:BEGIN|COMMIT|ROLLBACK|SET|RESET|DO|CALL|(?:SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|CREATE|ALTER|DROP|GRANT"
    r"|REVOKE|TRUNCATE|COMMENT|LOCK|NOTIFY|REINDEX|START|PREPARE|EXECUTE)(?: [A-Z]+)*(?: \d+)*)"
)
_TAG_OR_ROWS = re.compile(rf"{_TAG}|\(\d+ .*\)")
# No list of a site makes these harmless: psql's severities, its tags and numbers of rows, and names of keys.
_NEVER_LISTED = re.compile(
    rf"{_PROGRAM}:.*|(?:.{{1,300}}: )?[^\W\d_a-z]+\d?:  .*|(?:ERROR|FATAL|PANIC):.*|{_TAG_OR_ROWS.pattern}"
    rf"|.*(?i:{_A_KEY}|marker_time).*"
)


@dataclass
class Evidence:
    """The proof in some lines: `value` and `result` that the update was done, `error` that it was not.

    `begun` says that there is a part of the result. `lines` are those that prove something, `not_understood` those
    that make every proof worthless, and `listed` the entries of the settings that were needed.
    """

    value: bool = False
    begun: bool = False
    result: bool = False
    error: Kind | None = None
    lines: list[str] = field(default_factory=list)
    not_understood: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)


def weigh(lines: Iterable[str], harmless: tuple[str, ...] = ()) -> Evidence:
    """Say what LINES prove; HARMLESS are entries of the settings, in which * stands for any run of characters."""
    found, expected, opened = Evidence(), [*_RESULT], set[str]()
    for line in map(str.rstrip, lines):
        forms = (form for form in FORMS if not form.after or not form.after.isdisjoint(opened))
        form = next((form for form in forms if len(line) <= _LONGEST and form.looks.fullmatch(line)), None)
        inside = "head" not in expected and "count" in expected
        listed = None if form or inside else _entry_for(line.strip(), harmless)
        if listed is not None:
            found.listed = [*dict.fromkeys([*found.listed, listed])]
        elif form is None or not _fits(form.kind, line, expected, opened):
            found.not_understood.append(line)
        else:
            if form.kind == "begin":
                expected.append("commit")
            elif [form.kind] == expected[:1]:
                expected.pop(0)
            elif form.kind in _ERRORS and found.error != "missing":
                found.error = form.kind
            if form.opens:
                opened = {form.opens, *(opened if form.opens == "context" else ())}
            found.value = found.value or form.kind == "value"
            if form.kind in (*_PROOF, "head", "count") or (form.kind == "belongs" and "notice" not in opened):
                found.lines.append(line)
    found.begun, found.result = "head" not in expected, "count" not in expected
    if "commit" in expected:
        found.not_understood.append("BEGIN")
    return found


def _fits(kind: Kind, line: str, expected: list[Kind], opened: set[str]) -> bool:
    """Tell whether a line of this KIND may stand here."""
    if kind == "begin":
        return expected == [*_RESULT]
    if kind in (*_RESULT, "commit"):
        return not line or [kind] == expected[:1]
    # Our key is named by its value and by an error; every other line that names it could mean anything.
    of_error = kind == "belongs" and "error" in opened
    return kind in _PROOF or of_error or KEY not in line.lower()


def _entry_for(line: str, harmless: tuple[str, ...]) -> str | None:
    """Give the first of the site's HARMLESS entries that takes the whole LINE; None if there is none."""
    if len(line) > _LONGEST or _NEVER_LISTED.fullmatch(line):
        return None
    # Of the special characters of fnmatch, only * is one in the settings.
    patterns = {entry: "*".join(map(escape, entry.strip().split("*"))) for entry in harmless}
    return next((entry for entry, pattern in patterns.items() if fnmatchcase(line, pattern)), None)


def speaks_of_change(lines: Iterable[str]) -> bool:
    """Tell whether one of LINES looks as if psql ran: a value, a part of the result, a tag, or a number of rows."""
    signs = [form.looks for form in FORMS if form.kind in ("value", "head")]
    return any(looks.fullmatch(line.rstrip()) for line in lines for looks in (*signs, _TAG_OR_ROWS))
