"""The copy of an audit record that leaves the machine, through the local syslog socket."""

import json
import os
import socket
import time

from onbox.audit.record import canonical

MOST_BYTES = 8192
SECONDS = 2
_AUTHPRIV = 10
SEVERITY = {"success": 5, "failure": 3, "unknown": 4, "refused": 4}
# What a record gives up first when it is too long for one message; the journal keeps it.
_SPARE = ("transcript", "evidence")


def message(line: str) -> bytes:
    """Make the syslog message of a record, given as its canonical LINE.

    A record that does not fit in MOST_BYTES leaves out its transcript, then its evidence, and names both in `omitted`.
    """
    record = json.loads(line)
    priority = _AUTHPRIV * 8 + SEVERITY[record["outcome"]]
    head = f"<{priority}>{time.strftime('%b %e %H:%M:%S')} onbox[{os.getpid()}]: @cee: ".encode("ascii")
    omitted: list[str] = []
    for field in _SPARE:
        if len(head) + len(line) > MOST_BYTES:
            omitted.append(field)
            record |= {field: [], "omitted": omitted}
            line = canonical(record)
    return head + line.encode("ascii")


def send(path: str, line: str) -> None:
    """Send the copy of a record to the socket at PATH, and wait at most SECONDS for it.

    Raises:
        OSError: when nobody takes it.
    """
    with connect(path) as connection:
        connection.send(message(line))


def connect(path: str) -> socket.socket:
    """Open the socket at PATH.

    Raises:
        OSError: when nobody listens there.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        connection.settimeout(SECONDS)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection
