"""The job: the marker time of instance GLOBAL is set to 0, by a verified administrator, on record.

`resynchronise` reads like the list of its steps; each takes what the steps before it made.
"""

import uuid
from contextlib import ExitStack, suppress
from typing import Any

from onbox.audit.journal import Journal
from onbox.audit.log import Trail
from onbox.audit.record import ATTEMPT, DENIED, REFUSED, RESULT
from onbox.audit.recovery import settle
from onbox.errors import OnboxError
from onbox.identity import Host, identify, this_host
from onbox.messages import message, message_of
from onbox.preflight import Subject, check_rsautil, check_syslog, check_terminal, check_user, fingerprint
from onbox.resync.administrator import AdministratorDeniedError, verified_administrator
from onbox.resync.confirmation import command_line, confirm, require_usable
from onbox.resync.interrupts import Interrupts
from onbox.resync.session import Administrator, Request, Run
from onbox.rsautil import commands
from onbox.rsautil.commands import Answer, Verdict
from onbox.rsautil.terminal import Transcript
from onbox.screen.console import Console
from onbox.screen.result import Ending
from onbox.settings import load


def resynchronise(request: Request, console: Console) -> Ending:
    """Do the whole job for REQUEST and say how it ended; every way out leads through here."""
    name = str(uuid.uuid4())
    trail: Trail | None = None
    with Interrupts() as interrupts, ExitStack() as held:
        try:
            caller, host = identify(), this_host()
            subject = Subject(load(request.config, caller.uid), caller)
            trail = _open_trail(subject, host, name, held)
            run = Run(request, subject, host, trail, console, interrupts)
            seen = _preflight(run)
            administrator = verified_administrator(run, held)
            if request.dry_run:
                return _dry_run(run, administrator, name)
            confirm(run, administrator)
            _attempt(run, administrator, seen)
        except OnboxError as error:
            return _refused(trail, error, name)
        except Exception as error:  # noqa: BLE001 - whatever broke, nothing was changed, and the person is told so
            return _refused(trail, OnboxError("unexpected", detail=type(error).__name__), name)
        try:
            answer = _update(run, administrator)
            return _result(run, administrator, answer, name)
        except Exception as error:  # noqa: BLE001 - whatever broke, it is too late to say that nothing was changed
            return _broken(trail, error, name)


def _require_sound(subject: Subject) -> None:
    check_user(subject)
    check_rsautil(subject)
    check_terminal(subject)
    _require_syslog(subject)


def _require_syslog(subject: Subject) -> None:
    if subject.settings.syslog_required:
        check_syslog(subject)


def _open_trail(subject: Subject, host: Host, run: str, held: ExitStack) -> Trail:
    """Open the journal before anything is refused, so that a refusal can be put on record."""
    if subject.caller.uid == 0:
        raise OnboxError("root", owner="the owner of rsautil")
    try:
        journal = Journal(subject.settings.directory, subject.caller.uid)
    except OnboxError:
        # A stranger's journal can't be opened either; the reason that matters is the first one.
        _require_sound(subject)
        raise
    held.callback(journal.close)
    return Trail(journal, subject.settings, subject.caller, host, run)


def _preflight(run: Run) -> tuple[int, ...]:
    """Refuse what can't end well, settle what an earlier run left behind, and give what identifies rsautil."""
    _require_sound(run.subject)
    journal, console = run.trail.journal, run.console
    journal.claim_run()
    for name, text in settle(run.trail):
        console.step("warning", name, text)
    require_usable(run.request, run.host.name)
    journal.reserve()
    console.step("ok", "Checks", f"{run.subject.caller.os_user} on {run.host.name}; rsautil and journal are sound")
    return fingerprint(run.subject)


def _dry_run(run: Run, administrator: Administrator, name: str) -> Ending:
    folder = str(run.subject.settings.rsautil.parent)
    run.console.facts([("Would run", command_line(administrator.name)), ("in", folder)])
    words = message("update-dry", admin=administrator.name)
    return Ending(name, "success", words, warnings=run.trail.warnings)


def _attempt(run: Run, administrator: Administrator, seen: tuple[int, ...]) -> None:
    """Put the attempt on record, on the disk and in syslog; from here on nothing stops this run."""
    subject, trail = run.subject, run.trail
    check_rsautil(subject)
    if fingerprint(subject) != seen:
        raise OnboxError("rsautil-replaced", path=subject.settings.rsautil)
    _require_syslog(subject)
    run.interrupts.hold()
    process = run.process(commands.update_arguments(administrator.name))
    trail.knows(change=commands.CHANGE)
    trail.write(ATTEMPT, "unknown", process=process.fields(), message="The update is about to be run.")


def _update(run: Run, administrator: Administrator) -> Answer:
    """Have rsautil do it, and judge what it said."""
    settings, copy_problem = run.subject.settings, run.trail.copy_problem
    if settings.syslog_required and copy_problem:
        return _not_run(Verdict("failure", "syslog-required"), copy_problem)
    with run.console.working("Update", "rsautil is at work; many silent seconds are normal") as tick:
        return commands.update_marker_time(settings, administrator.name, administrator.password, tick)


def _not_run(verdict: Verdict, problem: str) -> Answer:
    return Answer(verdict, (), Transcript("not-started", problem=problem))


def _result(run: Run, administrator: Administrator, answer: Answer, name: str) -> Ending:
    """Put the result on record, or hand it to the person when no journal takes it."""
    trail, verdict, said = run.trail, answer.verdict, answer.transcript
    facts = {"run": name, "detail": said.problem, "signal": said.signal, "timeout": run.subject.settings.update_timeout}
    words = message(verdict.message, **facts)
    fields: dict[str, Any] = {
        "process": run.process(commands.update_arguments(administrator.name), answer).fields(),
        "message": words.what,
        "evidence": answer.evidence,
        "transcript": () if verdict.message == "update-confirmed" else said.lines,
        "warnings": trail.warnings,
    }
    try:
        trail.write_at_last(RESULT, verdict.outcome, **fields)
    except OnboxError as lost:
        line = trail.write_unchained(RESULT, verdict.outcome, **fields)
        words = message("result-unrecorded", detail=message_of(lost).what, what=words.what)
        return Ending(name, "unknown", words, answer.evidence, trail.warnings, record=line)
    return Ending(name, verdict.outcome, words, answer.evidence, trail.warnings)


def _broken(trail: Trail, error: Exception, name: str) -> Ending:
    """End a run that failed after its attempt in a way nobody foresaw; what it can't record, the next run reports."""
    words = message("unexpected-after", run=name, detail=type(error).__name__)
    line = ""
    try:
        trail.write_at_last(RESULT, "unknown", message=words.what)
    except Exception:  # noqa: BLE001 - the record still goes to syslog and to the person
        with suppress(Exception):
            line = trail.write_unchained(RESULT, "unknown", message=words.what)
    return Ending(name, "unknown", words, record=line)


def _refused(trail: Trail | None, error: OnboxError, name: str) -> Ending:
    """End a run that changed nothing, and put that on record where the journal takes it."""
    words = message_of(error)
    event, outcome, fields = REFUSED, "refused", dict[str, Any]()
    if isinstance(error, AdministratorDeniedError):
        event, outcome, fields = DENIED, "failure", error.fields
    warnings: tuple[str, ...] = ()
    if trail:
        try:
            trail.write(event, outcome, message=words.what, **fields)
        except Exception as unrecorded:  # noqa: BLE001 - the person is told the reason, whatever became of the record
            detail = message_of(unrecorded).what if isinstance(unrecorded, OnboxError) else type(unrecorded).__name__
            if detail != words.what:
                warnings = (f"This refusal is not on record: {detail}",)
        warnings += trail.warnings
    return Ending(name, "refused", words, tuple(fields.get("evidence", ())), warnings)
