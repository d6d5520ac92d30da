"""Faults of the person and of the machine at the wrong moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pexpect

from faults.scene import HOST
from faults.table import DENIED, REFUSED, REFUSED_LATE, STOPPED, SUCCESS, End, Fault, Rows
from faults.watch import wait_until
from onbox.audit.journal import Head
from onbox.audit.record import GENESIS, canonical, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults.scene import Child, Scene

    Act = Callable[[Scene, Child[str]], object]

INTERRUPTED = ("interrupted", "Nothing was changed.")
CONFIRMED = ("update-confirmed",)
ASKS_IN_SPITE = "Type ocadmin to try again: "
ABANDONED = ("has no result", *CONFIRMED)
STOPPED_LATE = End(130, "verified refused", "verify")
TWICE = End(0, "verified attempt success verified attempt success", "verify update verify update", changed=True)

# The ways to ask a program to stop.
STOPS: dict[str, Act] = {
    "^C": lambda _, child: child.sendintr(),
    "SIGTERM": lambda scene, _: os.kill(scene.pid, signal.SIGTERM),
    "SIGHUP": lambda scene, _: os.kill(scene.pid, signal.SIGHUP),
    "the connection lost": lambda scene, child: scene.hang_up(child),
}
QUESTIONS = {"admin": STOPPED, "password": STOPPED, "reason": STOPPED_LATE, "host": STOPPED_LATE}


def stop_at_question(question: str, stop: Act, scene: Scene) -> None:
    """Stop the run where *question* is asked."""
    scene.run(answers=scene.answers(**{question: partial(stop, scene)}))


def act_during_call(number: int, act: Act, scene: Scene) -> None:
    """Let *act* happen while rsautil checks the password (call 1) or is at the update (call 2)."""
    child = scene.spawn()
    scene.talk(child, scene.answers() if number == 2 else scene.answers(reason=None, host=None))
    scene.wait_for_call(number)
    act(scene, child)
    scene.end(child)


def early_rows() -> Rows:
    """Return a row for each way to stop, at each place before the attempt."""
    rows: Rows = {}
    for name, stop in STOPS.items():
        told = () if name == "the connection lost" else INTERRUPTED
        for question, end in QUESTIONS.items():
            play = partial(stop_at_question, question, stop)
            rows[f"{name} at the question for the {question}"] = Fault(end, told, play=play)
        rows[f"{name} while rsautil checks the password"] = Fault(
            End(130, "left", "verify"), told, behaviour={"verify_delay": 60}, play=partial(act_during_call, 1, stop)
        )
        rows[f"{name} during the update"] = during_update(stop, CONFIRMED if told else ())
    return rows


def during_update(act: Act, told: tuple[str, ...] = CONFIRMED) -> Fault:
    """Return the row for what happens while rsautil is at the update, which it does not disturb."""
    return Fault(SUCCESS, told, behaviour={"update_delay": 0.5}, play=partial(act_during_call, 2, act))


APPEND, SHOWN = "onbox.audit.journal:Journal.append", "onbox.screen.console:Console.ending 1"
# The moments of a run from the hold on, each a call of a function of onbox; and what is on record and was run by then.
MOMENTS = {
    "before the attempt is written": (f"{APPEND} 2 before", "verified", "verify"),
    "after the attempt is written": (f"{APPEND} 2 after", "verified attempt", "verify"),
    "before rsautil is started": ("onbox.rsautil.terminal:converse 2 before", "verified attempt", "verify"),
    "when rsautil has ended": ("onbox.rsautil.verdict:judge 2 before", "verified attempt", "verify update"),
    "before the result is written": (f"{APPEND} 3 before", "verified attempt", "verify update"),
    "after the result is written": (f"{APPEND} 3 after", "verified attempt success", "verify update"),
    "when the result is shown": (f"{SHOWN} before", "verified attempt success", "verify update"),
}


def hit(place: str, name: str, scene: Scene) -> None:
    """Have the run hit by a signal at a place."""
    scene.run(plan=f"{place} {name}")


def kill_and_run_again(place: str, scene: Scene) -> None:
    """Kill the run at a place, and run onbox again."""
    scene.run(plan=f"{place} SIGKILL")
    scene.run()

    assert [-signal.SIGKILL, 0] == [shown.exit_code for shown in scene.shown]


def kill_during_update(scene: Scene) -> None:
    """Kill the run while rsautil is at the update, and run onbox again."""
    act_during_call(2, lambda scene, _: os.kill(scene.pid, signal.SIGKILL), scene)
    scene.machine.behave(update_delay=0)
    scene.run()


def moment_rows() -> Rows:
    """Return a row for each signal at each moment from the hold on."""
    rows: Rows = {
        f"{name} {moment}": Fault(SUCCESS, CONFIRMED, play=partial(hit, place, name))
        for name in ("SIGINT", "SIGHUP", "SIGTSTP")
        for moment, (place, _, _) in MOMENTS.items()
    }
    for moment, (place, records, called) in MOMENTS.items():
        after, told = (f"{records} abandoned", ABANDONED) if records == "verified attempt" else (records, CONFIRMED)
        end = End(0, f"{after} verified attempt success", f"{called} verify update", changed=True)
        rows[f"SIGKILL {moment}"] = Fault(end, told, play=partial(kill_and_run_again, place))
    return rows


def cut_power(number: int, torn: int, scene: Scene) -> None:
    """End a run when record *number* is written, leave the first bytes of it, as a power loss does, and run again."""
    scene.run(plan=f"onbox.audit.journal:Journal.append {number} after SIGKILL")
    path = scene.machine.audit / "audit.jsonl"
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[:torn])
    noted = json.loads(whole[-1])
    (path.parent / "tip.json").write_bytes(Head(noted["seq"], noted["hash"]).text())
    scene.run()


def power_rows() -> Rows:
    """Return rows for a power loss at a byte of the attempt, and of the result."""
    attempt = End(0, "verified repaired verified attempt success", "verify verify update", changed=True)
    result = End(
        0, "verified attempt repaired abandoned verified attempt success", "verify update verify update", changed=True
    )
    return {
        f"power loss while the {name} is written, {where}": Fault(end, told, play=partial(cut_power, number, byte))
        for byte, where in ((1, "after its first byte"), (700, "in its middle"), (-1, "before its last byte"))
        for number, name, end, told in ((2, "attempt", attempt, CONFIRMED), (3, "result", result, ABANDONED))
    }


# Slips at each question, before the right answer.
SLIPS = {
    "admin": ("oc admin", ""),
    "password": ("", "Wrong 4711"),
    "reason": ("6", ""),
    "note": ("   ", "x" * 401),
    "host": ("elsewhere", ""),
}


def answer_all(scene: Scene, **answers: Any) -> None:
    """Answer each question; another reason, which needs a note."""
    scene.run(answers=scene.answers(**{"reason": "5", "note": "tidy up", **answers}))


def slip_everywhere(scene: Scene) -> None:
    """Make two slips at each question before the right answer."""
    right = {"admin": "ocadmin", "password": scene.password, "reason": "5", "note": "tidy up", "host": HOST}
    answer_all(scene, **{question: (*slips, right[question]) for question, slips in SLIPS.items()})

    assert "tidy up" == scene.journal()[-1]["note"]


def slip_rows() -> Rows:
    """Return the rows for slips."""
    rows: Rows = {"two slips at each question": Fault(SUCCESS, CONFIRMED, play=slip_everywhere)}
    for question, slips in SLIPS.items():
        end = REFUSED if question in ("admin", "password") else REFUSED_LATE
        answers: dict[str, Any] = {question: (*slips, slips[0])}
        play = partial(answer_all, **answers)
        rows[f"three slips at the question for the {question}"] = Fault(end, ("answer-unusable",), play=play)
    twice = partial(answer_all, password=("S\u00e9cret-4711", "S\u00e9cret-4711"))
    rows["a password that cannot be right, typed twice"] = Fault(DENIED, ("admin-unproven",), play=twice)
    return rows


def freeze(thaw: Act, scene: Scene, child: Child[str]) -> None:
    """Freeze the screen with ^S; when the result is on record, let *thaw* happen."""
    child.sendcontrol("s")
    wait_until(lambda: scene.journal()[-1]["event"] == "resync.result")
    thaw(scene, child)


def set_clock_back(scene: Scene) -> None:
    """Leave the journal as it is when the clock is set back by an hour now: its records are of the future."""
    path = scene.machine.audit / "audit.jsonl"
    records, previous = scene.journal(), GENESIS
    for record in records:
        record["time"] = f"{datetime.fromisoformat(record['time']) + timedelta(hours=1):%Y-%m-%dT%H:%M:%S.%fZ}"
        record["prev"] = previous
        record["hash"] = previous = digest(record)
    path.write_text("".join(canonical(record) + "\n" for record in records))
    (path.parent / "tip.json").write_bytes(Head(records[-1]["seq"], records[-1]["hash"]).text())


def set_clock_back_after_denials(answers: tuple[str, ...], scene: Scene) -> None:
    """Give wrong passwords as often as is safe, set the clock back, and try again with *answers* to the guard."""
    for _ in range(4):
        scene.run(answers=scene.answers(password="Wrong-1!") | {ASKS_IN_SPITE: "ocadmin"})
    set_clock_back(scene)
    scene.run(answers={ASKS_IN_SPITE: answers} | scene.answers())

    overridden = any("guard was overridden" in text for text in scene.journal()[4]["warnings"])
    assert overridden == (answers[-1] == "ocadmin")


def change_host_name(scene: Scene) -> None:
    """Change the name of the host while the last question stands, and run onbox again under the new name."""
    named = 'echo "$0" >/proc/sys/kernel/hostname && exec "$@"'

    def rename(child: Child[str]) -> None:
        inside = ["nsenter", "--target", str(child.pid), "--uts", "sh", "-c"]
        subprocess.run([*inside, "echo am-new >/proc/sys/kernel/hostname"], check=True)
        child.sendline("am-old")

    for name, answer in (("am-old", rename), ("am-new", "am-new")):
        scene.run(before=("unshare", "--uts", "sh", "-c", named, name), answers=scene.answers(host=answer))

    assert ["am-old"] * 3 + ["am-new"] * 3 == [record["host"]["name"] for record in scene.journal()]


def run_at_once(scene: Scene) -> None:
    """Start ten runs; the first to come goes on when the others have ended."""
    children: list[Child[str]] = [scene.spawn() for _ in range(10)]
    winners = []
    for child in children:
        found: Any = child.expect(["Operations Console administrator: ", pexpect.EOF])
        if found == 0:
            winners.append(child)
        else:
            scene.end(child)
    assert [3] * 9 == [shown.exit_code for shown in scene.shown]
    child = winners.pop()
    child.sendline("ocadmin")
    scene.talk(child, scene.answers(admin=None))
    scene.end(child)


PERSON: Rows = {
    **early_rows(),
    "SIGTERM as the last moment before the hold": Fault(
        STOPPED_LATE, INTERRUPTED, play=partial(hit, "onbox.resync.interrupts:Interrupts.hold 1 before", "SIGTERM")
    ),
    "^Z during the update": during_update(lambda _, child: child.sendcontrol("z")),
    "^S during the update, then ^Q": during_update(partial(freeze, lambda _, child: child.sendcontrol("q"))),
    "^S during the update, then ^C": during_update(partial(freeze, STOPS["^C"])),
    "^S during the update, then the connection lost": during_update(partial(freeze, STOPS["the connection lost"]), ()),
    **moment_rows(),
    "SIGKILL during the update": Fault(
        End(0, "verified attempt abandoned verified attempt success", "verify update verify update", changed=True),
        ABANDONED,
        behaviour={"update_delay": 60},
        play=kill_during_update,
    ),
    **power_rows(),
    **slip_rows(),
    "clock set back by an hour after wrong passwords, and the name typed in spite of it": Fault(
        replace(
            SUCCESS,
            records="denied denied denied denied verified attempt success",
            called="verify verify verify verify verify update",
        ),
        ("onbox corrected their times", *CONFIRMED),
        play=partial(set_clock_back_after_denials, ("yes", "ocadmin")),
    ),
    "clock set back by an hour after wrong passwords, and another name typed": Fault(
        End(3, "denied denied denied denied refused", "verify verify verify verify"),
        ("answer-unusable",),
        play=partial(set_clock_back_after_denials, ("yes", "ocadmi", "admin")),
    ),
    "host name changed": Fault(TWICE, CONFIRMED, play=change_host_name, root=True),
    "ten runs at once": Fault(
        replace(SUCCESS, records=f"{'refused ' * 9}{SUCCESS.records}"), ("another-run", *CONFIRMED), play=run_at_once
    ),
    "another run while rsautil is at the update": Fault(
        End(0, "verified attempt refused success", "verify update", changed=True),
        ("another-run", *CONFIRMED),
        behaviour={"update_delay": 4},
        play=partial(act_during_call, 2, lambda scene, _: scene.run(answers={})),
    ),
}
