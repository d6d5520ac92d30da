"""The syslog copy of an audit record, sent through the local syslog socket."""

import errno
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from onbox.audit.record import canonical

# rsyslog takes 8096 bytes unless it is configured otherwise, and cuts off the rest.
# A relay adds a host name (255 bytes) and a longer time.
MOST_BYTES = 7800
SECONDS = 2
COOKIE = b"@cee:"
# Facility authpriv (10), times 8, and the severity: notice (5), error (3) or warning (4).
_PRIORITIES = {"success": 85, "failure": 83, "unknown": 84, "refused": 84}
# The fields that a record leaves out, in this order, if it is too long for one message; the journal has them.
SPARE: dict[str, Any] = {"transcript": [], "evidence": [], "allowed": [], "warnings": []}
SPARE |= {"message": "", "process": None, "note": None}


def message(record: Mapping[str, Any]) -> bytes:
    """Make the syslog message of a RECORD.

    A record that does not fit in MOST_BYTES leaves fields out, and names them in `omitted`.
    """
    sender = f"<{_PRIORITIES[record['outcome']]}>{time.strftime('%b %e %H:%M:%S')} onbox[{os.getpid()}]: "
    head = sender.encode("ascii") + COOKIE + b" "
    copy, line, omitted = dict(record), canonical(record), list[str]()
    for field, nothing in SPARE.items():
        if len(head) + len(line) > MOST_BYTES and record[field] != nothing:
            omitted.append(field)
            copy |= {field: nothing, "omitted": omitted}
            line = canonical(copy)
    return head + line.encode("ascii")


def send(path: str, record: Mapping[str, Any]) -> None:
    """Send the copy of a RECORD to the socket at PATH, and wait at most SECONDS for it.

    Raises:
        OSError: if the socket does not take it.
    """
    with connect(path) as connection:
        # On a stream a NUL ends each message, as glibc's syslog() writes it.
        end = b"\0" if connection.type == socket.SOCK_STREAM else b""
        connection.sendall(message(record) + end)


def connect(path: str, kind: socket.SocketKind = socket.SOCK_DGRAM) -> socket.socket:
    """Open the socket at PATH, which takes datagrams or else a stream.

    Raises:
        OSError: if no program listens there.
    """
    connection = socket.socket(socket.AF_UNIX, kind)
    try:
        connection.settimeout(SECONDS)
        connection.connect(path)
    except OSError as error:
        connection.close()
        if error.errno != errno.EPROTOTYPE or kind == socket.SOCK_STREAM:
            raise
        return connect(path, socket.SOCK_STREAM)
    return connection
