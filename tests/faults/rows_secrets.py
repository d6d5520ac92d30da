"""Faults in which a secret could leak: debug logging, core files, unexpected exceptions."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faults.rows_person import CONFIRMED, TWICE, act_during_call
from faults.scene import HOST
from faults.table import REFUSED, REFUSED_LATE, STOPPED, SUCCESS, UNKNOWN, WITHOUT_RECORD, End, Fault, Rows

if TYPE_CHECKING:
    from faults.scene import Child, Scene

CONFIRMED_BRIEFLY = ("onbox: Confirmed",)  # in the line that takes the place of a broken screen
ITSELF = ("onbox itself failed (DisasterError)",)
ITSELF_LATE = ("unexpected-after", "not known whether the marker time was changed")
REFUSED_AT_CHECK = End(3, "refused", "verify")
NOT_RUN = End(6, "verified attempt unknown", "verify", changed=None)


def look_everywhere(scene: Scene, _: object) -> None:
    """Look everywhere while rsautil has the password and has not ended."""
    scene.watcher.look()
    (_, update) = scene.machine.calls()
    assert update.exit_code is None
    assert {scene.pid, update.pid, update.parent} <= scene.watcher.seen


def answer_without_core(scene: Scene) -> None:
    """Give the password to a process that can write no core file, and may not change that for what it starts."""

    def answer(child: Child[str]) -> None:
        lines = Path(f"/proc/{scene.pid}/limits").read_text("ascii").splitlines()
        assert ["0", "0"] == next(line.split()[4:6] for line in lines if line.startswith("Max core file size"))
        child.sendline(scene.password)

    scene.run(answers=scene.answers(password=answer))


def count_secrets(scene: Scene) -> None:
    """See that onbox holds the password before the update, and not when rsautil has answered."""
    counts = []
    for place in ("onbox.resync.confirmation:confirm 1 before", "onbox.rsautil.verdict:judge 2 before"):
        scene.run(plan=f"{place} SIGCONT")
        counts.append(scene.report()["secrets"])

    assert [1, 0] == counts


def talk_all(plan: str, arguments: tuple[str, ...], scene: Scene) -> None:
    """Run onbox with *arguments*, hooked as *plan* says, with the root logger of Python at DEBUG."""
    scene.run(*arguments, plan=plan, environment={"HOOKED_LOGGING": "1"})


def fail_at(place: str, arguments: tuple[str, ...], scene: Scene) -> None:
    """Have a function raise an unforeseen exception, its text and its variables holding the password."""
    talk_all(f"{place} raise", arguments, scene)

    assert "DisasterError" in scene.shown[-1].screen or scene.shown[-1].exit_code == 0


def broken(place: str, end: End, told: tuple[str, ...] = ITSELF, arguments: tuple[str, ...] = ()) -> Fault:
    """Return a row for an exception at a place."""
    return Fault(end, told, play=partial(fail_at, place, arguments))


def mistype(question: str, scene: Scene) -> None:
    """Type the password where it is shown, as itself and inside a longer text, before the right answer."""
    right = {"reason": "5", "note": "tidy up", "host": HOST}
    answers = {**right, question: (scene.password, f"was {scene.password.upper()}", right[question])}
    scene.run(answers=scene.answers(**answers))

    assert scene.password.casefold() not in str(scene.journal()).casefold()


def swap(then: Any, scene: Scene) -> None:
    """Type the password as the administrator's name; then at the question for the password, what *then* says."""
    scene.run(answers=scene.answers(admin=scene.password, password=then(scene)))


def paste(question: str, scene: Scene) -> None:
    """Paste the answers to all questions at once, the password among them, then answer each question alone."""
    right = {"admin": "ocadmin", "password": scene.password, "reason": "1", "host": HOST}
    after = [right[each] for each in list(right)[list(right).index(question) :]]
    scene.run(answers=scene.answers(**{question: "\n".join(after)}))


def type_ahead(scene: Scene) -> None:
    """Type the answers to all questions while rsautil checks the login; then stop at the last question."""
    child = scene.spawn()
    scene.talk(child, scene.answers(reason=None, host=None))
    scene.wait_for_call(1)
    for text in (scene.password, "1", HOST):
        child.sendline(text)
    scene.talk(child, scene.answers(admin=None, password=None, host=lambda child: child.sendintr()))
    scene.end(child)


def typed_rows() -> Rows:
    """Return rows for a password that is typed or pasted where it does not belong."""
    rows: Rows = {
        f"the password typed at the question for the {question}": Fault(
            SUCCESS, CONFIRMED, play=partial(mistype, question), visible=True
        )
        for question in ("reason", "note", "host")
    }
    rows["the password typed as the administrator's name, then ^C"] = Fault(
        STOPPED, ("interrupted",), play=partial(swap, lambda _: lambda child: child.sendintr()), visible=True
    )
    thrice = partial(swap, lambda scene: (scene.password,) * 3)
    rows["the password typed as the administrator's name and as the password"] = Fault(
        REFUSED, ("answer-unusable",), play=thrice, visible=True
    )
    for question in ("admin", "password", "reason"):
        rows[f"all answers pasted at once at the question for the {question}"] = Fault(
            SUCCESS, CONFIRMED, play=partial(paste, question)
        )
    rows["the password pasted with the codes of a bracketed paste"] = Fault(
        SUCCESS,
        CONFIRMED,
        play=lambda scene: scene.run(answers=scene.answers(password=f"\x1b[200~{scene.password}\x1b[201~")),
    )
    rows["all answers typed while rsautil checks the login"] = Fault(
        End(130, "verified refused", "verify"), ("interrupted",), behaviour={"verify_delay": 1}, play=type_ahead
    )
    return rows


BROKEN = {
    "settings": broken("onbox.settings:load 1 before", WITHOUT_RECORD),
    "interrupts": broken("onbox.resync.interrupts:Interrupts.hold 1 before", REFUSED_LATE),
    "preflight": broken("onbox.preflight:first_stop 2 before", REFUSED),
    "audit.journal": broken("onbox.audit.journal:Journal.reserve 1 before", REFUSED),
    "audit.runs": broken("onbox.audit.history:last_run 1 before", REFUSED),
    "audit.log": broken("onbox.audit.log:log_of_run 1 before", REFUSED),
    "audit.record": broken("onbox.audit.record:canonical 1 before", REFUSED_AT_CHECK),
    "audit.syslog": broken("onbox.audit.syslog:send 1 before", SUCCESS, CONFIRMED),
    "administrator": broken("onbox.resync.administrator:require_name 1 before", REFUSED),
    "secret": broken("onbox.secret:Secret.fingerprint 1 before", REFUSED),
    "dialogue, at the check": broken("onbox.rsautil.dialogue:Line.feed 1 before", REFUSED_AT_CHECK),
    "rsautil, at the check": broken("onbox.rsautil.verdict:judge 1 before", End(3, "left", "verify")),
    "confirmation": broken("onbox.resync.confirmation:confirm 1 before", REFUSED_LATE),
    "console": broken("onbox.screen.console:Console.facts 1 before", REFUSED_LATE),
    "audit.journal, writing the attempt": broken("onbox.audit.journal:Journal.append 2 before", REFUSED_LATE),
    "audit.syslog, copying the attempt": broken("onbox.audit.syslog:send 2 before", SUCCESS, CONFIRMED),
    "console, after the attempt": broken("onbox.screen.console:Console.working 2 before", NOT_RUN, ITSELF_LATE),
    "dialogue, after the attempt": broken("onbox.rsautil.terminal:converse 2 before", NOT_RUN, ITSELF_LATE),
    "dialogue, at the end of the update": broken("onbox.rsautil.terminal:_end 2 after", UNKNOWN, ITSELF_LATE),
    "rsautil, after the attempt": broken("onbox.rsautil.verdict:judge 2 before", UNKNOWN, ITSELF_LATE),
    "messages, after the attempt": broken("onbox.errors:message 3 before", UNKNOWN, ITSELF_LATE),
    "audit.journal, writing the result": broken("onbox.audit.journal:Journal.append 3 before", UNKNOWN, ITSELF_LATE),
    "audit.log, writing the result": broken("onbox.resync.job:_recorded 1 before", UNKNOWN, ITSELF_LATE),
    "ending": broken("onbox.screen.result:Ending.as_json 1 before", SUCCESS, CONFIRMED_BRIEFLY, ("resync", "--json")),
    "console, at the end": broken("onbox.screen.console:Console.ending 1 before", SUCCESS, CONFIRMED_BRIEFLY),
}

SECRETS: Rows = {
    **typed_rows(),
    "looked for while rsautil runs": Fault(
        SUCCESS, CONFIRMED, behaviour={"update_delay": 3}, play=partial(act_during_call, 2, look_everywhere)
    ),
    "core files": Fault(SUCCESS, CONFIRMED, play=answer_without_core),
    "the password kept too long": Fault(TWICE, CONFIRMED, play=count_secrets),
    "the root logger at DEBUG": Fault(SUCCESS, CONFIRMED, play=partial(talk_all, "-", ())),
    "the root logger at DEBUG, password echoed": Fault(
        UNKNOWN, ("not known whether",), update="password-echoed", play=partial(talk_all, "-", ())
    ),
    **{f"unexpected exception in {module}": fault for module, fault in BROKEN.items()},
}
