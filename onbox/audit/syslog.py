"""The copy of an audit record that leaves the machine, through the local syslog socket."""

import json
import os
import socket
import time
from typing import Any

from onbox.audit.record import canonical

# rsyslog takes 8096 bytes unless it is told otherwise, and cuts off the rest.
# On its way to the next one a message gains a host name (255) and a longer time.
MOST_BYTES = 7800
SECONDS = 2
COOKIE = b"@cee:"
_AUTHPRIV = 10
SEVERITY = {"success": 5, "failure": 3, "unknown": 4, "refused": 4}
# What a record gives up, in this order, when it is too long for one message; the journal keeps it.
SPARE: dict[str, Any] = {
    "transcript": [],
    "evidence": [],
    "warnings": [],
    "message": "",
    "process": None,
    "note": None,
}


def message(line: str) -> bytes:
    """Make the syslog message of a record, given as its canonical LINE.

    A record that does not fit in MOST_BYTES leaves fields out, and names them in `omitted`.
    """
    record = json.loads(line)
    priority = _AUTHPRIV * 8 + SEVERITY[record["outcome"]]
    head = f"<{priority}>{time.strftime('%b %e %H:%M:%S')} onbox[{os.getpid()}]: ".encode("ascii") + COOKIE + b" "
    omitted: list[str] = []
    for field, nothing in SPARE.items():
        if len(head) + len(line) > MOST_BYTES and record[field] != nothing:
            omitted.append(field)
            line = canonical(record := record | {field: nothing, "omitted": omitted})
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
