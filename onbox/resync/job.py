"""The job: the marker time of instance GLOBAL is set to 0, by a verified administrator, with audit records.

`resynchronise` reads as the list of its steps; each step takes what the steps before it made.
"""

import uuid
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from onbox.audit.journal import Head, Journal
from onbox.audit.log import Writer, actor
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, RESULT, canonical
from onbox.audit.recovery import settle
from onbox.errors import OnboxError
from onbox.identity import identify, this_host
from onbox.messages import Message, message, message_of
from onbox.preflight import BEFORE_RUN, BEFORE_UPDATE, Finding, Subject, allowed, examine, fingerprint, first_stop
from onbox.resync.administrator import Administrator, AdministratorDeniedError, verify_administrator
from onbox.resync.confirmation import confirm, require_usable, show_facts
from onbox.resync.interrupts import Interrupts
from onbox.resync.session import Request, Session
from onbox.rsautil import commands
from onbox.rsautil.commands import Answer
from onbox.rsautil.dialogue import Transcript
from onbox.rsautil.verdict import Verdict
from onbox.screen.console import Console
from onbox.screen.prompts import Prompts
from onbox.screen.result import Ending
from onbox.settings import load

if TYPE_CHECKING:
    from onbox.audit.log import AuditLog


def resynchronise(request: Request, console: Console, prompts: Prompts, interrupts: Interrupts) -> Ending:
    """Do the whole job for REQUEST and say how it ended; every way out leads through here."""
    run = str(uuid.uuid4())
    session: Session | None = None
    log: AuditLog | None = None
    with ExitStack() as held:
        try:
            caller = identify()
            subject = Subject(load(request.config, caller.uid), caller)
            findings = examine(subject, BEFORE_RUN)
            session = _open_session(run, request, subject, findings, console, prompts, interrupts, held)
            seen = _preflight(session, findings)
            administrator = verify_administrator(session, held)
            log = session.log.bind(actor=actor(caller, administrator.name))
            if request.dry_run:
                return _dry_run(session, administrator)
            answers = confirm(session, administrator)
            log = log.bind(**answers, change=commands.CHANGE)
            _attempt(session, log, administrator, seen)
        except OnboxError as error:
            return _refused(run, session, log, error)
        except Exception as error:  # noqa: BLE001 - nothing was changed, and the person is told so
            return _refused(run, session, log, OnboxError("unexpected", detail=type(error).__name__))
        try:
            answer = _update(session, administrator)
            return _result(session, log, administrator, answer)
        except Exception as error:  # noqa: BLE001 - it is too late to say that nothing was changed
            return _broken(session, log, error)


def _open_session(
    run: str,
    request: Request,
    subject: Subject,
    findings: list[Finding],
    console: Console,
    prompts: Prompts,
    interrupts: Interrupts,
    held: ExitStack,
) -> Session:
    """Open the journal before the run stops because of FINDINGS, so that the refusal can be recorded."""
    settings, stop = subject.settings, first_stop(findings)
    if stop and stop.code in ("root", "wrong-user", "account-unknown"):
        raise stop  # the journal of another account would be in the way of the right one
    try:
        journal = Journal(settings.directory, subject.caller.uid)
    except OnboxError as error:
        raise stop or error from None
    held.callback(journal.close)
    host, writer = this_host(), Writer(journal, settings.syslog)
    return Session(run, request, subject, host, journal, writer, allowed(findings), console, prompts, interrupts)


def _preflight(session: Session, findings: list[Finding]) -> tuple[int, ...]:
    """Refuse a run that cannot succeed, settle what an earlier run left, and give what identifies rsautil."""
    if stop := first_stop(findings):
        raise stop
    session.journal.claim_run()
    for words in settle(session.journal, lambda: session.log):
        session.console.step("warning", "Earlier", f"{words.what} {words.advice}".strip())
    require_usable(session.request, session.host.name)
    detail = f"{session.subject.caller.os_user} on {session.host.name}; rsautil and journal are sound"
    session.console.step("ok", "Checks", detail)
    return fingerprint(session.subject)


def _dry_run(session: Session, administrator: Administrator) -> Ending:
    show_facts(session, administrator.name)
    return Ending(session.run, message("update-dry", admin=administrator.name), warnings=session.warnings)


def _attempt(session: Session, log: "AuditLog", administrator: Administrator, seen: tuple[int, ...]) -> None:
    """Record the attempt, on the disk and in syslog; from here on nothing stops this run."""
    subject = session.subject
    if stop := first_stop(examine(subject, BEFORE_UPDATE)):
        raise stop
    if fingerprint(subject) != seen:
        raise OnboxError("rsautil-replaced", path=subject.settings.rsautil)
    session.interrupts.hold()
    words = message("update-attempted")
    process = session.process(commands.update_arguments(administrator.name))
    log.info(ATTEMPT, outcome=words.outcome, code=words.code, message=words.what, process=process)


def _update(session: Session, administrator: Administrator) -> Answer:
    """Have rsautil do it, and judge what it said."""
    settings, problem = session.subject.settings, session.writer.problem
    if settings.syslog_required and problem:
        return Answer(Verdict("failure", "syslog-required"), (), Transcript("not-started", problem=problem))
    with session.console.working("Update", "Running the update (can take minutes without output)") as tick:
        return commands.update_marker_time(
            settings, administrator.name, administrator.password, tick, administrator.printed
        )


def _result(session: Session, log: "AuditLog", administrator: Administrator, answer: Answer) -> Ending:
    """Record the result, or hand it to the person if the journal cannot take it."""
    said = answer.transcript
    facts = {"detail": said.problem, "signal": said.signal, "timeout": session.subject.settings.update_timeout}
    words = message(answer.verdict.code, run=session.run, **facts)
    process = session.process(commands.update_arguments(administrator.name), answer)
    used = [*session.allowed, *(f"[appliance] harmless: {line}" for line in answer.listed)]
    log = log.bind(process=process, evidence=answer.evidence, transcript=said.before + said.after, allowed=used)
    return replace(_recorded(session, log, words, answer.evidence), not_understood=answer.not_understood)


def _broken(session: Session, log: "AuditLog", error: Exception) -> Ending:
    """End a run that failed after its attempt in a way nobody foresaw; the next run reports what is not recorded."""
    words = message("unexpected-after", run=session.run, detail=type(error).__name__)
    try:
        return _recorded(session, log, words)
    except Exception:  # noqa: BLE001 - the person is told in any case
        return Ending(session.run, words, warnings=session.warnings)


def _recorded(session: Session, log: "AuditLog", words: Message, evidence: tuple[str, ...] = ()) -> Ending:
    """Record the result that WORDS tell, if need be in the room that was kept for it."""
    fields = {"outcome": words.outcome, "code": words.code, "message": words.what, "warnings": session.warnings}
    try:
        try:
            record = log.info(RESULT, **fields)
        except OnboxError:
            session.journal.release()
            record = log.info(RESULT, **fields)
    except OnboxError as error:
        record = log.info(RESULT, chained=False, **fields)
        words = message("result-unrecorded", detail=message_of(error).what, what=words.what)
        return Ending(session.run, words, evidence, warnings=session.warnings, unrecorded=canonical(record))
    return Ending(session.run, words, evidence, warnings=session.warnings, receipt=Head.of(record))


def _refused(run: str, session: Session | None, log: "AuditLog | None", error: OnboxError) -> Ending:
    """End a run that changed nothing, and record that if the journal takes it."""
    words = message_of(error)
    event, fields = REFUSED, dict[str, Any]()
    if isinstance(error, AdministratorDeniedError) and session:
        fields = error.fields
        if error.sent:
            event, fields = DENIED, fields | {"actor": actor(session.subject.caller, error.admin)}
    warnings: tuple[str, ...] = ()
    if session:
        try:
            (log or session.log).info(event, outcome=words.outcome, code=words.code, message=words.what, **fields)
        except Exception as unrecorded:  # noqa: BLE001 - the person is told the reason, recorded or not
            if not isinstance(unrecorded, OnboxError):
                warnings = (f"This refusal could not be recorded ({type(unrecorded).__name__}).",)
            elif unrecorded.code != error.code:
                warnings = (f"This refusal could not be recorded. {message_of(unrecorded).what}",)
        warnings += session.warnings
    return Ending(run, words, tuple(fields.get("evidence", ())), warnings=warnings)
