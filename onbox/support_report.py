"""The support report describes a machine, for people who have an appliance and want to help.

It contains no secrets, names or addresses.
"""

import ipaddress
import os
import platform
import pwd
import re
import resource
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from onbox import __version__
from onbox.errors import OnboxError
from onbox.identity import account_name
from onbox.messages import message, message_of
from onbox.preflight import Finding, Subject, first_stop
from onbox.printable import harmless
from onbox.rsautil.terminal import converse
from onbox.screen.console import Console
from onbox.writers import group_name

_SECONDS = 20
_RPM, _OS_RELEASE = Path("/usr/bin/rpm"), Path("/etc/os-release")
_VARIABLES = ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "TZ", "COLUMNS", "LINES")
_LIMITS = ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_FSIZE")
# Neither changes anything or needs credentials.
_HELP: tuple[tuple[str, ...], ...] = (("--help",), ("store", "--help"))
_FIRST_OF_PEOPLE = 1000  # login.defs(5): UID_MIN
_NAMING = ("group", "owner", "user", "who")  # facts of findings
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?![\w:])"
)
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")

Tick = Callable[[float], None]


def report(subject: Subject, findings: list[Finding], tick: Tick) -> str:
    """Describe this machine in Markdown, without names and addresses (docs/appliance.md says what is in it)."""
    sections = (
        ("Operating system", _system()),
        ("rpm", _said(_RPM, ("--version",), tick) if _RPM.exists() else ["There is no /usr/bin/rpm."]),
        ("Folders", [_described(subject, place) for place in _places(subject)]),
        ("Terminal and locale", _terminal()),
        ("Limits (soft, hard)", [f"{name} {resource.getrlimit(getattr(resource, name))}" for name in _LIMITS]),
        ("onbox check", [f"{each.state} {each.check} ({each.code}): {each.words.what}" for each in findings]),
        *((f"rsautil {' '.join(arguments)}", _help(subject, findings, arguments, tick)) for arguments in _HELP),
    )
    body = "\n".join(
        f"\n## {title}\n\n" + "\n".join(f"    {harmless(line)}" for line in lines) for title, lines in sections
    )
    head = f"# Support report\n\nonbox {__version__}, Python {platform.python_version()}.\n"
    replaced = "Replaced: names of hosts, accounts and groups, and addresses.\n"
    return head + replaced + without_names(body, _names(subject, findings)) + "\n"


def without_names(text: str, names: dict[str, str]) -> str:
    """Replace each of NAMES in TEXT by its kind, a name of a host with the domain behind it, and all addresses."""
    text = _MAIL.sub("<address>", text)
    for name, kind in sorted(names.items(), key=lambda item: -len(item[0])):
        domain = r"(?:\.[\w-]+)*" if kind == "host" else ""
        text = re.sub(rf"(?<![\w-]){re.escape(name)}{domain}(?![\w-])", f"<{kind}>", text, flags=re.IGNORECASE)
    return _ADDRESS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(found[0].rstrip("."))
    except ValueError:
        return found[0]
    return "<address>"


def _names(subject: Subject, findings: list[Finding]) -> dict[str, str]:
    """Give the names that the report must not contain, each with its kind."""
    accounts = {subject.caller.os_user, Path(os.environ.get("HOME", "")).name}
    accounts |= {each.pw_name for each in pwd.getpwall() if each.pw_uid >= _FIRST_OF_PEOPLE}
    for finding in findings:
        accounts |= {str(finding.facts[fact]) for fact in _NAMING if fact in finding.facts}
    for place in _places(subject):
        with suppress(OSError):
            status = place.stat()
            accounts |= {account_name(status.st_uid), group_name(status.st_gid)}
    host = socket.gethostname()
    return {
        **dict.fromkeys(accounts - {"", "root", "nobody"}, "account"),
        **dict.fromkeys({host, *host.split(".", 1)} - {"", "localhost"}, "host"),
    }


def _system() -> list[str]:
    release = platform.freedesktop_os_release() if _OS_RELEASE.exists() else {}
    return [
        *(f"{name}={release[name]}" for name in ("PRETTY_NAME", "VERSION_ID") if name in release),
        f"kernel {os.uname().release} {os.uname().machine}",
        os.confstr("CS_GNU_LIBC_VERSION") or "no glibc",
        f"file names in {sys.getfilesystemencoding()}",
    ]


def _places(subject: Subject) -> list[Path]:
    """Give rsautil, the audit folder, and the folders above them."""
    paths = (subject.settings.rsautil, subject.settings.directory)
    return list(dict.fromkeys(place for path in paths for place in (path, *path.parents)))


def _described(subject: Subject, path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    owner = "you" if status.st_uid == subject.caller.uid else account_name(status.st_uid)
    return f"{stat.filemode(status.st_mode)} {path}, owned by {owner}, group {group_name(status.st_gid)}"


def _terminal() -> list[str]:
    streams = ", ".join(f"{name} {os.isatty(number)}" for number, name in enumerate(("stdin", "stdout", "stderr")))
    try:
        size = "{} columns, {} lines".format(*os.get_terminal_size(0))
    except OSError:
        size = "no size"
    return [
        f"terminals: {streams}; {size}",
        *(f"{name}={os.environ[name]}" for name in _VARIABLES if name in os.environ),
    ]


def _help(subject: Subject, findings: list[Finding], arguments: tuple[str, ...], tick: Tick) -> list[str]:
    """Ask rsautil for its help, unless one of FINDINGS forbids running it."""
    if stop := first_stop(finding for finding in findings if finding.check in ("user", "rsautil")):
        return [f"Not asked: {message_of(stop).what}"]
    return _said(subject.settings.rsautil, arguments, tick)


def _said(command: Path, arguments: tuple[str, ...], tick: Tick) -> list[str]:
    """Run COMMAND, answer nothing, and give what it printed and how it ended."""
    said = converse(command, arguments, {}, _SECONDS, tick)
    end = f"[{said.ending}, exit code {said.exit_code}, signal {said.signal}, {said.seconds:.1f} s]"
    return [*said.before, end]


def write_report(subject: Subject, findings: list[Finding], file: Path, console: Console) -> None:
    """Write the report on this machine to a new FILE that only its owner can read, and say so.

    Raises:
        OnboxError: if the file exists or cannot be written.
    """
    text = report(subject, findings, console.working("Report", "Asking rsautil for its help (can take a minute)"))
    try:
        with open(file, "x", encoding="utf-8", errors="backslashreplace", opener=_open_private) as stream:
            stream.write(text)
    except (OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or error
        raise OnboxError("output-unwritten", what=f"report {file}", detail=detail) from None
    words = message("report-written", path=file)
    console.step("ok", "Report", f"{words.what} {words.advice}")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
