"""The signs that a line of rsautil's output can show.

Where the vendor documents no words, a pattern takes the likely ones; what it misses makes an outcome unknown, never
a success.
"""

import re
from dataclasses import dataclass

from onbox.rsautil.terminal import Transcript

KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"
_MOST_LINES = 20


@dataclass(frozen=True)
class Sign:
    """One row of the table: a line shows the sign when it LOOKS so in every respect, UNLESS it also looks otherwise."""

    name: str
    looks: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str]

    def shows(self, line: str) -> bool:
        """Tell whether LINE shows the sign."""
        return all(pattern.search(line) for pattern in self.looks) and not self.unless.search(line)


def _sign(name: str, *looks: str, unless: str = r"(?!)") -> Sign:
    return Sign(name, tuple(re.compile(pattern, re.IGNORECASE) for pattern in looks), re.compile(unless, re.IGNORECASE))


_NOTICE = r"\bNOTICE:"
_OUR_KEY = rf"(?<![\w.]){re.escape(KEY)}(?!\.?\w)"
_OTHER_KEY = rf"(?<![\w.])(?!{_OUR_KEY})auth_manager(?:\.\w+)+"
_A_KEY = rf"{_OUR_KEY}|\b(?:parameter|configuration (?:key|name|value|setting|entry))\b"
_SET_TO = r"(?:\bvalue|\bto|=)[\s:=]{0,5}"
_ZERO = rf"{_SET_TO}[\"']?0[\"']?(?: (?:for|in|on) (?:the )?(?:instance )?[\"']?GLOBAL[\"']?)?[\s.]{{0,5}}$"
_NOT_ZERO = rf"{_SET_TO}(?:[\"'](?!0[\"'])|(?!0(?!\w|\.\d))[-+\d]|(?:null|none|true|false|empty)\b)"
_NEGATION = r"\b(?:no|not|never|nothing|without|cannot|unable|missing|undefined|unchanged|ignored|must|fail\w*)\b|n't\b"
# The value that was there before, or that would be.
_NOT_DONE = r"\b(?:already|currently?|previous\w*|former\w*|old|default|could|would|dry[ -]?run)\b"
# Only what a script says of tables and the like that it would have removed.
_SKIPPED = r"\b(?:table|relation|view|index|sequence|schema|type|function|trigger|column)\b.*\bskipping\b"
# A line that speaks in passing of something that did not end the command.
_PASSING = r"\b(?:warn(?:ing)?|info|continuing|ignored|policy)\b|%"
_WHO = r"(?:pass(?:word|code)|credentials?|user ?(?:name|id)?|administrator|login|account)"
# Libraries and the Java machine that talk of themselves.
_OF_ITSELF = r"^\s*(?:SLF4J|log4j)\b|\billegal (?:reflective )?access\b"
_BAD = r"(?:invalid|incorrect|wrong|bad|unknown|rejected|denied)"

SIGNS: tuple[Sign, ...] = (
    # By analogy with the documented transcript of add_config: psql's NOTICE names the key and its new value.
    _sign("confirmed", _NOTICE, _OUR_KEY, _ZERO, unless=rf"{_NEGATION}|{_NOT_DONE}|\berror"),
    # From the same transcript: the column of the SQL function, and its one row.
    _sign("head", r"^\s*update_config\s*$"),
    _sign("row", r"^\s*\(1 row\)\s*$"),
    # A NOTICE of another parameter, or of this one with another value.
    _sign("other-change", _NOTICE, _OTHER_KEY),
    _sign("other-change", _NOTICE, _OUR_KEY, _NOT_ZERO, unless=_ZERO),
    _sign("other-change", _NOTICE, _OUR_KEY, r"\binstance\W+(?!GLOBAL\b)\w"),
    # What psql says after a statement, unless it is told to be quiet: something was done.
    _sign("done", r"^\s*(?:(?:UPDATE|DELETE|INSERT 0) [1-9]\d*|COMMIT)\s*$"),
    # Documented that it says so for a key that was never added; the words are not.
    _sign(
        "key-missing",
        _A_KEY,
        r"\bnot exist\b|n't exist\b|\bnot (?:been )?(?:found|defined|added)\b|\b(?:is|was) unknown\b"
        r"|\bnever been added\b|\bno such\b|\bthere is no\b|\bunknown (?:configuration|parameter)\b"
        r"|\b(?:could not|cannot) find\b",
        unless=rf"{_SKIPPED}|{_OTHER_KEY}|\b(?:add|insert|creat)ing\b",
    ),
    _sign("locked", r"\block(?:ed|out)\b", rf"\b{_WHO}\b", unless=_PASSING),
    _sign("locked", r"\blocked out\b|\btoo many (?:failed|invalid|unsuccessful|wrong)\b", unless=_PASSING),
    # What psql says of its own login to the database is not meant.
    _sign(
        "denied",
        r"\bauthenticat\w+ (?:has |was )?(?:failed|failure|error|unsuccessful|not successful)"
        r"|\b(?:failed|unable|not able|could not|cannot) (?:to )?(?:be )?(?:authenticate|log ?[io]n)"
        rf"|\b{_BAD}\W+(?:\w+\W+){{0,3}}?{_WHO}\b"
        rf"|\b{_WHO}\W+(?:\w+\W+){{0,4}}?(?:{_BAD}|failed|failure)\b"
        rf"|\b{_WHO}\W+(?:\w+\W+){{0,4}}?not (?:exist|found|recogni[sz]ed|valid|authori[sz]ed)\b"
        r"|\baccess (?:is |was )?denied|\b(?:not |un)authori[sz]ed\b",
        unless=rf"\bpsql\b|{_PASSING}",
    ),
    # psql cannot reach the database, or rsautil a service. A connection lost half-way is not meant: it proves nothing.
    _sign(
        "down",
        r"\bcould not connect to\b|\bconnection (?:was |to \S+ )?refused\b|\bis the server running\b"
        r"|\bdatabase system is (?:starting up|shutting down)|\[SHUTDOWN\]",
        unless=_PASSING,
    ),
    _sign(
        "down",
        r"\b(?:services?|server|database)\b",
        r"\b(?:is|are) (?:not (?:available|reachable|running(?! in))|down|un(?:available|reachable)|stopped)\b",
        unless=_PASSING,
    ),
    # As PostgreSQL writes it for a statement or a login; that a connection was ended says nothing of its statement.
    _sign("sql-error", r"(?:^\s*|psql\S*: *)(?-i:ERROR|FATAL):\s", unless=r"\bterminating connection\b"),
    _sign(
        "usage",
        r"^\s*usage\b|\b(?:unrecogni[sz]ed|unknown|invalid|illegal) (?:option|action|command)\b",
        unless=_PASSING,
    ),
    # Words that leave it in doubt whether this parameter was set.
    _sign("trouble", r"\bnot exist\b|n't exist\b", unless=_SKIPPED),
    _sign("trouble", _OUR_KEY, _NEGATION),
    _sign("trouble", _NOTICE, _A_KEY, _NEGATION, unless=_SKIPPED),
    _sign(
        "trouble", r"\b(?:no|0|zero) \w+ (?:were |was |have been |has been )?(?:updated|changed|affected|modified)\b"
    ),
    # Whatever else speaks of trouble; logging libraries that talk of themselves do not count.
    _sign(
        "trouble",
        r"\berrors?\b|\bfatal\b|\bpanic\b|\bsevere\b|\bfail(?:ed|ure|s)?\b|exception\b|^\s+at [\w.$]+\(|\bdenied\b"
        r"|\brefused\b|\brejected\b|\binvalid\b|\bunable\b|\bcannot\b|\bcould not\b|\babort(?:ed)?\b|\brollback\b"
        r"|\bnot (?:changed|updated|allowed|permitted|found)\b|\bunchanged\b|\bterminat(?:ed|ing)\b|\blocked\b"
        r"|\bclosed the connection\b|^\s*(?:f|false)\s*$",
        unless=_OF_ITSELF,
    ),
    _sign(
        "trouble",
        r"\bnothing (?:was )?changed\b|\bno changes?\b|\bskipped\b|\bignored\b|\bremains\b|\w(?:error|exception)\b"
        r"|\bout of memory\b|\bno space left\b|\bsegmentation fault\b|\bcore dumped\b|\bkilled\b|\bdeadlock\b"
        r"|\bcancel(?:led|ed|ling|ing)\b|\btimed out\b|\btimeout\b|\binsufficient\b|\bpermissions?\b|\bread-only\b"
        r"|\breplica\b|\b(?:not |un)supported\b",
        unless=_OF_ITSELF,
    ),
)
_OF_SUCCESS = frozenset({"confirmed", "head", "row", "done"})
_OF_CHANGE = frozenset({"confirmed", "row", "other-change", "done"})


@dataclass(frozen=True)
class Evidence:
    """The signs that a transcript shows, and the lines that show them."""

    signs: frozenset[str]
    lines: tuple[str, ...]

    @property
    def trouble(self) -> bool:
        """Tell whether anything speaks against success."""
        return not self.signs <= _OF_SUCCESS

    @property
    def changed(self) -> bool:
        """Tell whether anything says that something was changed."""
        return bool(self.signs & _OF_CHANGE)


def signs_of(line: str) -> frozenset[str]:
    """Give the signs that one LINE of a transcript shows."""
    return frozenset(sign.name for sign in SIGNS if sign.shows(line))


def evidence_in(transcript: Transcript) -> Evidence:
    """Weigh each line of TRANSCRIPT; a row counts only below its column head."""
    signs: set[str] = set()
    lines: list[str] = []
    for line in transcript.lines:
        found = signs_of(line)
        if "row" in found and "head" not in signs:
            found -= {"row"}
        if found:
            signs |= found
            lines.append(line)
    return Evidence(frozenset(signs), tuple(lines[:_MOST_LINES]))
