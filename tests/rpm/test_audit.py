"""What scripts/audit-deps says, in front of a service that knows what the test tells it."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from rpm.machine import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def service(known: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Give the address of a service with these advisories, by the package they are about."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            advisory = known.get(question["package"]["name"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": [advisory]} if advisory else {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def advisory(name: str, fixed: str) -> dict[str, Any]:
    """Return an advisory in the service's format."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges, "versions": []}]
    return {"id": f"CVE-{name}", "summary": "", "details": "", "affected": affected}


def audit(address: str) -> tuple[int, str]:
    """Return how the script ends, and what it prints."""
    command = [str(CHECKOUT / "scripts" / "audit-deps"), address]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", ["sh", "python3.13"])
def test_vulnerable(name: str) -> None:
    """A known vulnerability of a library or of the interpreter is named, and makes the exit code 1."""
    with service({name: advisory(name, "99.0")}) as address:
        code, text = audit(address)

    assert 1 == code, text
    assert f"CVE-{name}" in text


def test_unreachable() -> None:
    """A service that can't be reached is named, and what was not checked is not called good: the exit code is 2."""
    with service({}) as address:
        pass
    code, text = audit(address)

    assert 2 == code, text
    assert 2 == text.count(f"not checked for vulnerabilities: {address} can't be reached")
    assert "no known vulnerability" not in text
