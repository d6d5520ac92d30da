"""scripts/audit-deps, in front of a service that knows a vulnerability of everything."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from rpm.machine import CHECKOUT, run

AUDIT = CHECKOUT / "scripts" / "audit-deps"


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does."""

    def do_POST(self) -> None:
        """Give an advisory for the package that is asked about."""
        package = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]
        affected = [{"package": package, "ranges": ranges, "versions": []}]
        advisory = {"id": f"CVE-{package['name']}", "summary": "", "details": "", "affected": affected}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"vulns": [advisory]}).encode())


def test_vulnerable() -> None:
    """Known vulnerabilities of libraries and of the interpreter are named, and make the exit code 1."""
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, text = run(AUDIT, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()

    assert 1 == code, text
    for found in ("CVE-sh, fixed in 99.0", "CVE-typer, fixed in 99.0", ": CVE-python3.13"):
        assert found in text


def test_unreachable() -> None:
    """A service that cannot be reached is named, and what was not checked is not called good: the exit code is 2."""
    address = "http://127.0.0.1:1"
    code, text = run(AUDIT, address)

    assert 2 == code, text
    assert 2 == text.count(f"not checked for vulnerabilities: {address} can't be reached")
    assert "no known vulnerability" not in text
