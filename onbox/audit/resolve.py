"""Record how a run ended, once somebody found it out: a record is added, and none is changed."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from onbox.audit.history import admin_of, is_open, last_word, one_run, shown, time_of
from onbox.audit.journal import FILE, Journal
from onbox.audit.log import JournalWriter, SyslogWriter, log_of_run
from onbox.audit.reader import opened
from onbox.audit.record import MOST_CHARACTERS, RESOLVED, VERIFIED, Record
from onbox.audit.recovery import settle
from onbox.errors import OnboxError
from onbox.identity import identify, this_host
from onbox.messages import Message, message
from onbox.settings import Settings, load


@dataclass(frozen=True)
class Resolution:
    """The RUN that was resolved, the words for it, and what went wrong beside it."""

    run: str
    message: Message
    warnings: tuple[str, ...]


def resolve(config: Path | None, prefix: str, outcome: str, note: str) -> Resolution:
    """Record that the run whose ID begins with PREFIX had OUTCOME, and in NOTE how that was found out.

    Raises:
        OnboxError: if there is no such run, its outcome is known, or the journal can't take the record.
    """
    if not note.strip():
        raise OnboxError("note-missing")
    if len(note) > MOST_CHARACTERS["note"]:
        raise OnboxError("text-too-long", what="note", most=MOST_CHARACTERS["note"])
    caller = identify()
    settings = load(config, caller.uid)
    own = _resolvable(settings, prefix)
    run = own["run"]
    with closing(Journal(settings.directory, caller.uid)) as journal:
        journal.claim_run()
        copies = SyslogWriter(settings.syslog)
        log = log_of_run(JournalWriter(journal, copies), run, caller, this_host(), settings)
        settled = [words.what for words in settle(journal, lambda: log)]
        # Once more, now that nobody else can resolve it.
        _resolvable(settings, run)
        words = message("run-resolved", run=run, admin=admin_of(own), time=shown(time_of(own)), outcome=outcome)
        log.info(RESOLVED, outcome=outcome, code=words.code, note=note, message=words.what)
        return Resolution(run, words, (*settled, *journal.warnings, *copies.warnings))


def _resolvable(settings: Settings, prefix: str) -> Record:
    """Give the first record of the run that begins with PREFIX; the run must be open, or only accepted by rsautil."""
    with opened(settings.directory / FILE, may_be_missing=True) as journal:
        records = one_run(journal.oldest_first(), prefix)
    word = last_word(records)
    if is_open(word) or word.get("code") == "update-accepted":
        return records[0]
    outcome = f"its outcome is {word['outcome']} ({word.get('code')})"
    if word["event"] == VERIFIED:
        outcome = "it tried no update"
    raise OnboxError("run-not-open", run=records[0]["run"], outcome=outcome)
