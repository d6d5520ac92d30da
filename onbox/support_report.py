"""The support report describes a machine, for people who have an appliance and want to help.

It contains no secrets, names or addresses.
"""

import os
import platform
import pwd
import re
import socket
import stat
from pathlib import Path

from onbox import __version__
from onbox.errors import Message, OnboxError, message, message_of
from onbox.preflight import Finding, Subject, first_stop
from onbox.printable import harmless
from onbox.rsautil.terminal import Tick, converse

_VARIABLES = ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "TZ", "COLUMNS", "LINES")
_FIRST_OF_PEOPLE = 1000  # login.defs(5): UID_MIN
_NAMING = ("group", "owner", "user", "who")  # facts of findings
# Of mail, of IPv4 and of IPv6.
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+|(?<![\w.:])(\d+(\.\d+){3}|[\dA-Fa-f.]*:[\dA-Fa-f.]*:[\dA-Fa-f:.]*)(?![\w:])")


def write_report(subject: Subject, findings: list[Finding], file: Path, tick: Tick) -> Message:
    """Write the report that docs/appliance.md describes to a new FILE that only its owner can read.

    TICK is called with the seconds so far while rsautil is asked for its help. Gives the words to say.

    Raises:
        OnboxError: if the file exists or cannot be written.
    """
    # Those of people's accounts, and of accounts and groups that the findings name in one word.
    names = {each.pw_name for each in pwd.getpwall() if each.pw_uid >= _FIRST_OF_PEOPLE}
    facts = {str(value) for finding in findings for fact, value in finding.facts.items() if fact in _NAMING}
    names |= {fact for fact in facts if " " not in fact} | {Path(os.environ.get("HOME", "")).name}
    text = without_names(_report(subject, findings, tick), names - {"", "root"}, socket.gethostname())
    try:
        file.touch(0o600, exist_ok=False)
        file.write_text(text, "utf-8", "backslashreplace")
    except OSError as error:
        raise OnboxError("output-unwritten", what=f"report {file}", detail=error.strerror) from None
    return message("report-written", path=file)


def _report(subject: Subject, findings: list[Finding], tick: Tick) -> str:
    paths = (subject.settings.rsautil, subject.settings.directory)
    states = [(place, place.lstat()) for path in paths for place in (path, *path.parents) if os.path.lexists(place)]
    # Neither changes anything or needs credentials.
    helps: tuple[tuple[str, ...], ...] = (("--help",), ("store", "--help"))
    sections = {
        "System": [f"onbox {__version__}", platform.freedesktop_os_release()["PRETTY_NAME"], platform.platform()],
        "Folders": [f"{stat.filemode(at.st_mode)} {at.st_uid}:{at.st_gid} {place}" for place, at in states],
        "Terminal": [f"{name}={os.environ[name]}" for name in _VARIABLES if name in os.environ],
        "onbox check": [f"{each.state} {each.check} ({each.code}): {each.words.what}" for each in findings],
        **{f"rsautil {' '.join(arguments)}": _help(subject, findings, arguments, tick) for arguments in helps},
    }
    text = "# Support report\n\nReplaced: names of hosts, accounts and groups, and addresses.\n"
    for title, lines in sections.items():
        text += f"\n## {title}\n\n" + "".join(f"    {harmless(line)}\n" for line in lines)
    return text


def _help(subject: Subject, findings: list[Finding], arguments: tuple[str, ...], tick: Tick) -> list[str]:
    """Ask rsautil for its help, unless one of FINDINGS forbids running it."""
    if stop := first_stop(finding for finding in findings if finding.check in ("user", "rsautil")):
        return [f"Not asked: {message_of(stop).what}"]
    settings = subject.settings
    said = converse(settings.rsautil, arguments, {}, 20, tick, passed_on=settings.environment)
    return [*said.before, f"[{said.ending}, exit code {said.exit_code}, signal {said.signal}, {said.seconds:.1f} s]"]


def without_names(text: str, names: set[str], host: str) -> str:
    """Replace in TEXT each of NAMES, the name of the HOST with the domain behind it, and all addresses."""
    text = _ADDRESS.sub("<address>", text)
    host_and_domain = re.escape(host.partition(".")[0]) + r"(?:\.[\w-]+)*"
    for pattern in (host_and_domain, *map(re.escape, sorted(names, key=len, reverse=True))):
        text = re.sub(rf"(?<![\w-]){pattern}(?![\w-])", "<name>", text, flags=re.IGNORECASE)
    return text
