"""The proof in the lines that rsautil writes after it received the password.

A list of bad words can't be complete. So a line proves something only if its whole form is in the table below, and
everything else, in any language, is not understood.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from onbox.rsautil.chatter import AT, CHATTER, PROGRAM

Kind = Literal[
    "value", "head", "rule", "cell", "count", "missing", "error", "unconnected", "belongs", "begin", "commit", "silent"
]

KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"


@dataclass(frozen=True)
class Form:
    """One row of the table: lines that look so are of this kind.

    `after` names what a line of this form can belong to, if it can't stand alone; `opens` is what later lines can
    belong to.
    """

    kind: Kind
    looks: re.Pattern[str]
    after: str = ""
    opens: str = ""

    def can_follow(self, opened: set[str]) -> bool:
        """Tell whether a line of this form can stand behind lines that OPENED something, or alone."""
        return not self.after or not opened.isdisjoint(self.after.split())


def _form(kind: Kind, *looks: str, after: str = "", opens: str = "") -> Form:
    return Form(kind, re.compile("|".join(looks)), after, opens)


# RAISE gives a NOTICE the SQLSTATE 00000.
_NOTICE = rf"{AT}(?:NOTICE|INFO):  (?:00000: )?"
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
_PSQL = rf"{PROGRAM}: (?:error: )?"
_LOST = r"(?!.*(?:closed the connection|terminating connection|connection [\w ]*lost))"
_UNREACHED = (
    rf"{_LOST}(?:could not connect to server: .+"
    r"|connection to server (?:at \"[^\"]*\"(?: \([^)]*\))?, port \d+|on socket \"[^\"]*\") failed: .+|FATAL:  .+)"
)
_SKIPPED = rf"(?:[a-z]+ ){{1,3}}{_NAME}(?: (?:of|for|on) (?:relation|table) {_NAME})?"
_FRAME = r"(?:SQL statement \".+\"|SQL function .+|PL/pgSQL function .+ line \d+ at .+)"

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
        rf"{AT}ERROR: {_OUR_KEY} (?:is not found|does not exist)\.?",
        rf"{AT}ERROR:  (?:[0-9A-Z]{{5}}: )?{_THE}{_OUR_KEY} (?:is not found|does not exist)\.?",
        opens="error",
    ),
    # PostgreSQL: a statement that ends in an ERROR has no effect.
    _form("error", rf"{AT}ERROR:  .+", opens="error"),
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
        r"\s+Is the server running (?:on host .+|on that host|locally) and accepting",
        r"\s+Is the server running on that host and accepting TCP/IP connections\?",
        r"\s+Is the server running locally and accepting connections on that socket\?",
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
    _form("silent", *CHATTER),
)

# A longer line has none of these forms.
_LONGEST = 4000
# The parts of the result, in their order.
_RESULT = ("head", "rule", "cell", "count")
_ERRORS = ("missing", "error", "unconnected")
_PROOF = ("value", *_ERRORS)
_TAG = (
    r"(?:BEGIN|COMMIT|ROLLBACK|SET|RESET|DO|CALL|(?:SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|CREATE|ALTER|DROP|GRANT"
    r"|REVOKE|TRUNCATE|COMMENT|LOCK|NOTIFY|REINDEX|START|PREPARE|EXECUTE)(?: [A-Z]+)*(?: \d+)*)"
)
# No list of a site makes these harmless: psql's severities, its tags and numbers of rows, and names of keys.
_NEVER_LISTED = re.compile(
    rf"{PROGRAM}:.*|(?:.{{1,300}}: )?[^\W\d_a-z]+\d?:  .*|(?:ERROR|FATAL|PANIC):.*|{_TAG}|\(\d+ .*\)"
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
    scale = _Scale(harmless)
    for line in lines:
        scale.take(line.rstrip())
    return scale.end()


def speaks_of_change(lines: Iterable[str]) -> bool:
    """Tell whether one of LINES looks as if psql ran: a value, a part of the result, or a tag."""
    signs = [form.looks for form in FORMS if form.kind in ("value", "head", "count")]
    return any(looks.fullmatch(line.rstrip()) for line in lines for looks in (*signs, re.compile(_TAG)))


class _Scale:
    """Takes line after line: what one proves can depend on those before it."""

    def __init__(self, harmless: tuple[str, ...]) -> None:
        self._harmless = {entry: _wildcards(entry.strip()) for entry in harmless}
        self._found = Evidence()
        self._expected = list(_RESULT)
        self._open: set[str] = set()
        self._begin = ""

    def take(self, line: str) -> None:
        """Weigh LINE, which has no blanks at its end."""
        form = self._form(line)
        if form is None:
            self._take_unknown(line)
        elif self._fits(form.kind, line):
            self._note(form, line)
        else:
            self._found.not_understood.append(line)

    def end(self) -> Evidence:
        """Give what all lines prove; a BEGIN without a COMMIT behind the result makes it worthless."""
        self._found.begun = len(self._expected) < len(_RESULT)
        self._found.result = not self._expected
        if self._begin:
            self._found.not_understood.append(self._begin)
        return self._found

    def _form(self, line: str) -> Form | None:
        if len(line) > _LONGEST:
            return None
        return next((form for form in FORMS if form.looks.fullmatch(line) and form.can_follow(self._open)), None)

    def _fits(self, kind: Kind, line: str) -> bool:
        """Tell whether a line of this KIND may stand here."""
        if kind in _RESULT:
            return not line or [kind] == self._expected[:1]
        if kind == "begin":
            return not self._begin and len(self._expected) == len(_RESULT)
        if kind == "commit":
            return bool(self._begin) and not self._expected
        # Our key is named by its value and by an error; nobody knows what else is said of it.
        of_error = kind == "belongs" and "error" in self._open
        return kind in _PROOF or of_error or KEY not in line.lower()

    def _note(self, form: Form, line: str) -> None:
        found = self._found
        if [form.kind] == self._expected[:1]:
            self._expected.pop(0)
        if form.kind in ("begin", "commit"):
            self._begin = line if form.kind == "begin" else ""
        found.value = found.value or form.kind == "value"
        if form.kind in _ERRORS and found.error != "missing":
            found.error = form.kind
        if form.opens:
            self._open = self._open | {"context"} if form.opens == "context" else {form.opens}
        if form.kind in (*_PROOF, "head", "count") or (form.kind == "belongs" and "notice" not in self._open):
            found.lines.append(line)

    def _take_unknown(self, line: str) -> None:
        listed = [entry for entry, looks in self._harmless.items() if looks.fullmatch(line.strip())]
        inside = 0 < len(self._expected) < len(_RESULT)
        if not listed or inside or _NEVER_LISTED.fullmatch(line.strip()):
            self._found.not_understood.append(line)
        elif listed[0] not in self._found.listed:
            self._found.listed.append(listed[0])


def _wildcards(entry: str) -> re.Pattern[str]:
    first, *others = map(re.escape, entry.split("*"))
    if not others:
        return re.compile(first)
    return re.compile(first + "".join(f"(?>.*?{part})" for part in others[:-1]) + ".*" + others[-1])
