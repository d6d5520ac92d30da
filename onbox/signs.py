"""The signs that a line of rsautil's output can show.

Where the vendor documents no words, a pattern takes the likely ones; what it misses makes an outcome unknown, never
a success.
"""

import re
from dataclasses import dataclass

from onbox.dialogue import Transcript

KEY = "auth_manager.cas.authentication.ha.seed_sync.marker_time"
_MOST_LINES = 20


@dataclass(frozen=True)
class Sign:
    """One row of the table: a line shows the sign when it LOOKS so, UNLESS it also looks otherwise."""

    name: str
    looks: re.Pattern[str]
    unless: re.Pattern[str]


def _sign(name: str, looks: str, unless: str = r"(?!)") -> Sign:
    return Sign(name, re.compile(looks, re.IGNORECASE), re.compile(unless, re.IGNORECASE))


_OUR_KEY = rf"(?<![\w.]){re.escape(KEY)}(?![\w.])"
_ANY_KEY = r"(?<![\w.])auth_manager(?:\.\w+)+"
_A_KEY = rf"(?:{_ANY_KEY}|\b(?:configuration|parameter|key)\b)"
_CONFIRMED = rf"NOTICE:.*{_OUR_KEY}.*(?:\bvalue|\bto|=)\W*\b0\b[\"']?[\s.]*$"
_NEGATED = r"\bnot\b|n't\b|\bun(?:able|changed)\b|\bno change\b|\bcould\b|\bcannot\b|\balready\b|\bfail|\berror"
_WHO = r"(?:pass(?:word|code)|credentials?|user ?(?:name|id)?|administrator|login|account)"
_BAD = r"(?:invalid|incorrect|wrong|bad|unknown|rejected|denied)"

SIGNS: tuple[Sign, ...] = (
    # By analogy with the documented transcript of add_config: psql's NOTICE names the key and its new value.
    _sign("confirmed", _CONFIRMED, _NEGATED),
    # From the same transcript: the column of the SQL function, and its one row.
    _sign("head", r"^\s*update_config\s*$"),
    _sign("row", r"^\s*\(1 row\)\s*$"),
    # A NOTICE that another parameter was set, or this one to another value.
    _sign(
        "other-change",
        rf"NOTICE:.*(?!{_OUR_KEY}){_ANY_KEY}|NOTICE:.*{_OUR_KEY}.*(?:\bvalue|\bto|=)\W+(?!0(?!\w|\.\d))\w",
        rf"{_CONFIRMED}|\bnot exist\b|n't exist\b",
    ),
    # Documented that it says so for a key that was never added; the words are not.
    _sign(
        "key-missing",
        rf"{_A_KEY}.*"
        r"(?:\bnot exist\b|n't exist\b|\bnot found\b|\bunknown\b|\bnever been added\b)"
        rf"|\b(?:no such|unknown|(?:could not|cannot) find)\b.*{_A_KEY}",
        r"\bskipping\b",
    ),
    _sign("locked", r"\block(?:ed|out)\b"),
    _sign(
        "denied",
        r"\bauthenticat\w+ (?:has |was )?(?:failed|failure|error|unsuccessful|not successful)"
        r"|\b(?:failed|unable|not able|could not|cannot) (?:to )?(?:be )?(?:authenticate|log ?[io]n|verify)"
        rf"|\b{_BAD}\W+(?:\w+\W+){{0,3}}?{_WHO}\b"
        rf"|\b{_WHO}\W+(?:\w+\W+){{0,4}}?(?:{_BAD}|failed|failure)\b"
        rf"|\b{_WHO}\W+(?:\w+\W+){{0,4}}?not (?:exist|found|recogni[sz]ed|valid|authori[sz]ed)\b"
        r"|\baccess (?:is |was )?denied|\b(?:not |un)authori[sz]ed\b",
    ),
    # psql cannot reach the database, or rsautil a service. A connection lost half-way is not meant: it proves nothing.
    _sign(
        "down",
        r"\bcould not connect to\b|\bconnection (?:was )?refused\b|\bis the server running\b"
        r"|\bdatabase system is (?:starting up|shutting down)|\[SHUTDOWN\]"
        r"|\bservices?\W+(?:\w+\W+){0,4}?(?:not running|down|unavailable|stopped|not available)\b",
    ),
    # psql: ERROR for a statement, FATAL for a connection.
    _sign("sql-error", r"\b(?:ERROR|FATAL|PANIC):", r"\bterminating connection\b"),
    _sign("usage", r"^\s*usage\b|\b(?:unrecogni[sz]ed|unknown|invalid|illegal) (?:option|argument|action|command)"),
    # Whatever else speaks of trouble; logging libraries that talk of themselves do not count.
    _sign(
        "trouble",
        r"\berrors?\b|\bfatal\b|\bpanic\b|\bsevere\b|\bfail(?:ed|ure|s)?\b|exception\b|^\s+at [\w.$]+\(|\bdenied\b"
        r"|\brefused\b|\brejected\b|\binvalid\b|\bunable\b|\bcannot\b|\bcould not\b|\babort(?:ed)?\b|\brollback\b"
        r"|\bnot (?:changed|updated|allowed|permitted|found)\b|\bunchanged\b|\bterminat(?:ed|ing)\b"
        r"|\bclosed the connection\b|^\s*(?:f|false)\s*$",
        r"^\s*(?:SLF4J|log4j)\b",
    ),
)
_OF_SUCCESS = frozenset({"confirmed", "head", "row"})
_OF_CHANGE = frozenset({"confirmed", "row", "other-change"})


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
    return frozenset(sign.name for sign in SIGNS if sign.looks.search(line) and not sign.unless.search(line))


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
