"""The question before the change; what it looks like is in test_screens.py."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from onbox.caller import address_of_this_host
from onbox.confirmation import command_line
from onbox.run import REASONS

if TYPE_CHECKING:
    import pytest
    from rehearsal import Onbox


def test_the_address_is_one_that_others_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes from the kernel's routes, so nothing is sent; a machine without a route has none."""

    class Unreachable(socket.socket):
        def connect(self, _: object) -> None:
            raise OSError("no route")

    address = address_of_this_host()
    monkeypatch.setattr(socket, "socket", Unreachable)

    assert address is None or ipaddress.ip_address(address)
    assert address_of_this_host() is None


def test_the_command_is_shown_as_it_could_be_typed() -> None:
    """A name that a shell would act upon is quoted."""
    assert command_line("oc$admin").startswith("./rsautil store -o 'oc$admin' -a update_config auth_manager.cas.")


def test_every_reason_fits_a_line() -> None:
    """A menu that wraps pushes the beginning of the run off the screen."""
    assert [] == [text for text in REASONS.values() if len(text) > 79 - 14 - 2]


def test_the_host_named_beforehand_is_not_asked_for(onbox: Onbox, answers: dict[str, str]) -> None:
    """--confirm stands for typing it, and a reason can be given by its word."""
    host = answers.pop("Type the host name to go ahead: ")
    answers[r"Reason \[1-5\]: "] = "users-found"

    assert 0 == onbox("resync", "--confirm", host, answers=answers).exit_code
    assert "users-found" == onbox.machine.journal()[-1]["reason"]
