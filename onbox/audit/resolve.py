"""Records that are added later: the remains of a run, and how it ended, once somebody found that out."""

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from onbox.audit import record
from onbox.audit.history import last_run, one_run, runs
from onbox.audit.journal import Journal
from onbox.audit.log import Writer, log_of_run
from onbox.errors import Message, OnboxError, message
from onbox.identity import identify, this_host
from onbox.settings import load

if TYPE_CHECKING:
    from onbox.audit.log import AuditLog


def settle(journal: Journal, log: Callable[[], "AuditLog"]) -> list[Message]:
    """Move an incomplete last record aside, and record an attempt without a result as abandoned.

    No other run may be in progress: claim the JOURNAL first.
    LOG gives the log, if there is something to record.
    Gives the words for what was found.

    Raises:
        OnboxError: if the journal could not take a record.
    """
    found = []
    if file := journal.move_incomplete_record():
        words = message("journal-repaired", file=file)
        log().info(record.REPAIRED, **words.on_record())
        found.append(words)
    last = last_run(journal.records_from_end())
    if last and last["event"] == record.ATTEMPT:
        words = message("run-abandoned", **_facts(last))
        log().info(record.ABANDONED, run=last["run"], **words.on_record())
        found.append(words)
    return found


def resolve(config: Path | None, prefix: str, outcome: str, note: str) -> tuple[str, Message, tuple[str, ...]]:
    """Record that the run whose ID begins with PREFIX had OUTCOME, and in NOTE how that was found out.

    The run must be open, or only accepted by rsautil.
    Gives the ID of the run, the words for it, and what went wrong beside it.

    Raises:
        OnboxError: if there is no such run, its outcome is known, or the journal can't take the record.
    """
    if not note.strip():
        raise OnboxError("note-missing")
    if len(note) > record.MOST_CHARACTERS["note"]:
        raise OnboxError("text-too-long", what="note", most=record.MOST_CHARACTERS["note"])
    caller = identify()
    settings = load(config, caller.uid)
    with suppress(PermissionError):  # which the journal explains
        if not settings.directory.exists():  # another account than that of the runs must not make it
            raise OnboxError("run-unknown", run=repr(prefix), count="No")
    with closing(Journal(settings.directory, caller.uid)) as journal:
        journal.claim_run()
        records = one_run(reversed(list(journal.records_from_end())), prefix)
        run = next(runs(reversed(records)), records[0])
        if run["outcome"] != "unknown" and run.get("code") != "update-accepted":
            ending = f"its outcome is {run['outcome']} ({run.get('code')})"
            if run["event"] == record.VERIFIED:
                ending = "it tried no update"
            raise OnboxError("run-not-open", run=run["run"], outcome=ending)
        writer = Writer(journal, settings.syslog)
        log = log_of_run(writer, run["run"], caller, this_host(), settings.sha256)
        settled = [words.what for words in settle(journal, lambda: log)]
        words = message("run-resolved", outcome=outcome, **_facts(run))
        log.info(record.RESOLVED, outcome=outcome, code=words.code, note=note, message=words.what)
        return run["run"], words, (*settled, *writer.warnings)


def _facts(run: record.Record) -> dict[str, str]:
    """Give the facts by which a message names RUN."""
    return {"run": run["run"], "admin": record.admin_of(run), "time": record.shown(record.time_of(run))}
