"""The job: the marker time of instance GLOBAL is set to 0, by a verified administrator, with audit records.

`resynchronise` reads as the list of its steps; each step takes what the steps before it made.
"""

import uuid
from contextlib import ExitStack, suppress
from dataclasses import replace

from onbox.audit.journal import Journal
from onbox.audit.log import Writer
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, RESULT, process
from onbox.audit.resolve import settle
from onbox.errors import OnboxError, message, message_of
from onbox.preflight import examine, first_stop, subject_of
from onbox.resync.administrator import Administrator, require_text, verify_administrator
from onbox.resync.confirmation import confirm, show_facts
from onbox.resync.interrupts import Interrupts
from onbox.resync.session import Request, Session
from onbox.rsautil import commands
from onbox.screen.console import Console
from onbox.screen.prompts import Prompts
from onbox.screen.result import Ending


def resynchronise(request: Request, console: Console, prompts: Prompts, interrupts: Interrupts) -> Ending:
    """Do the whole job for REQUEST and say how it ended; every way out leads through here."""
    run = str(uuid.uuid4())
    with ExitStack() as held:
        try:
            session = _open(run, request, console, prompts, held)
        except Exception as error:  # noqa: BLE001 - nothing was changed, and no journal can take a record of it
            return Ending(run, message_of(error))
        try:
            _preflight(session)
            administrator = verify_administrator(session, held)
            if request.dry_run:
                show_facts(session, administrator.name)
                return Ending(run, message("update-dry", admin=administrator.name), warnings=session.writer.warnings)
            confirm(session, administrator)
            with interrupts.at_once():  # the last moment at which a signal can stop the run
                interrupts.hold()
            _attempt(session, administrator)
        except Exception as error:  # noqa: BLE001 - nothing was changed, and the person is told so
            return _refused(session, error)
        try:
            return _recorded(session, _update(session, administrator))
        except Exception as error:  # noqa: BLE001 - it is too late to say that nothing was changed
            ending = Ending(run, message("unexpected-after", run=run, detail=type(error).__name__))
        with suppress(Exception):  # the person is told in any case
            ending = _recorded(session, ending)
        return ending


def _open(run: str, request: Request, console: Console, prompts: Prompts, held: ExitStack) -> Session:
    """Make the preflight checks, and open the journal so that the error that they find, if any, can be recorded."""
    subject = subject_of(request.config)
    findings = examine(subject)
    stop = first_stop(findings)
    if stop and stop.code in ("root", "wrong-user", "account-unknown"):
        raise stop  # the journal of another account would be in the way of the right one
    journal = Journal(subject.settings.directory, subject.caller.uid)
    held.callback(journal.close)
    writer = Writer(journal, subject.settings.syslog)
    return Session(run, request, subject, findings, writer, console, prompts)


def _preflight(session: Session) -> None:
    """Refuse a run that cannot succeed, and settle what an earlier run left."""
    if stop := first_stop(session.findings):
        raise stop
    session.writer.journal.claim_run()
    for words in settle(session.writer.journal, lambda: session.log):
        session.console.step("warning", "Earlier", f"{words.what} {words.advice}".strip())
    request, host = session.request, session.subject.host.name
    if request.confirm not in (None, host) and not request.dry_run:
        raise OnboxError("not-confirmed", host=host)
    require_text("note", request.note)
    require_text("ticket", request.ticket)
    detail = f"{session.subject.caller.os_user} on {host}; rsautil and journal are sound"
    session.console.step("ok", "Checks", detail)


def _attempt(session: Session, administrator: Administrator) -> None:
    """Record the attempt, on the disk and in syslog."""
    subject = session.subject
    findings = examine(subject, ("rsautil", "syslog"))
    if stop := first_stop(findings):
        raise stop
    if findings[0] not in session.findings:
        raise OnboxError("rsautil-replaced", path=subject.settings.rsautil)
    argv = (str(subject.settings.rsautil), *commands.update_arguments(administrator.name))
    session.log = session.log.bind(change=commands.CHANGE, process=process(argv))
    session.log.info(ATTEMPT, **message("update-attempted").on_record())


def _update(session: Session, administrator: Administrator) -> Ending:
    """Have rsautil run the update, and judge its output."""
    settings = session.subject.settings
    if settings.syslog_required and (problem := session.writer.problem):
        return Ending(session.run, message("syslog-required", detail=problem))
    name, password, printed = administrator.name, administrator.password, administrator.printed
    tick = session.console.working("Update", "Running the update (can take minutes without output)")
    answer = commands.update_marker_time(settings, name, password, tick, printed)
    said, argv = answer.transcript, (str(settings.rsautil), *commands.update_arguments(name))
    session.log = session.log.bind(
        process=process(argv, said.exit_code, said.signal, said.seconds),
        evidence=answer.evidence,
        transcript=said.before + said.after,
        allowed=[*session.allowed, *(f"[appliance] harmless: {line}" for line in answer.listed)],
    )
    facts = {"detail": said.problem, "signal": said.signal, "timeout": settings.update_timeout}
    words = message(answer.code, run=session.run, folder=settings.rsautil.parent, **facts)
    return Ending(session.run, words, answer.evidence, answer.not_understood)


def _recorded(session: Session, ending: Ending) -> Ending:
    """Record the result, if need be in the room that was kept for it, or hand it to the person."""
    words = ending.message
    log = session.log.bind(**words.on_record(), warnings=session.writer.warnings)
    try:
        try:
            record = log.info(RESULT)
        except OnboxError:
            session.writer.journal.release()
            record = log.info(RESULT)
    except OnboxError as error:
        record = log.info(RESULT, chained=False)
        words = message("result-unrecorded", detail=message_of(error).what, what=words.what)
        return replace(ending, message=words, warnings=session.writer.warnings, record=record)
    return replace(ending, warnings=session.writer.warnings, seq=record["seq"], hash=record["hash"])


def _refused(session: Session, error: Exception) -> Ending:
    """End a run that changed nothing, and record that if the journal takes it."""
    ending = Ending(session.run, message_of(error))
    try:
        record = session.log.info(DENIED if session.denied else REFUSED, **ending.message.on_record())
    except Exception as problem:  # noqa: BLE001 - the person is told the reason, recorded or not
        unrecorded = f"This refusal could not be recorded. {message_of(problem).what}"
        return replace(ending, warnings=(unrecorded, *session.writer.warnings))
    return replace(ending, evidence=tuple(record["evidence"]), warnings=session.writer.warnings)
