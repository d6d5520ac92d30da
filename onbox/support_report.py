"""The support report: what a machine is like, for somebody who has an appliance and wants to help.

Nothing secret gets into it, and no names and addresses unless they are asked for.
"""

import ipaddress
import os
import platform
import re
import resource
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from onbox import __version__
from onbox.errors import OnboxError
from onbox.identity import account_name
from onbox.messages import message, message_of
from onbox.preflight import Finding, Subject, first_stop
from onbox.rsautil.terminal import Script, converse, environment
from onbox.screen.console import Console

_SECONDS = 20
_RPM = Path("/usr/bin/rpm")
_OS_RELEASE = Path("/etc/os-release")
_VARIABLES = ("TERM", "LANG", "LC_ALL", "LC_CTYPE", "NO_COLOR", "TZ", "COLUMNS", "LINES")
_LIMITS = ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_FSIZE")
# Where programs and their temporary files are: a mount with noexec there would stop an interpreter or Java.
_PLACES = ("/", "/opt", "/opt/rsa", "/var", "/var/log", "/var/tmp", "/tmp", "/home", "/dev/shm")  # noqa: S108 - looked at
# None asks for a change, and credentials are neither given nor asked for.
_HELP: tuple[tuple[str, ...], ...] = (("--help",), ("store", "--help"))
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?![\w:])"
)
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")

Tick = Callable[[float], None]


def report(subject: Subject, findings: list[Finding], tick: Tick) -> str:
    """Describe this machine in Markdown, without the names and addresses that were seen."""
    sections = (
        ("Operating system", _system()),
        ("rpm", _said(_RPM, ("--version",), tick) if _RPM.exists() else ["There is no /usr/bin/rpm."]),
        ("Folders", [_described(subject, place) for place in _folders(subject)]),
        ("Mounts with noexec", _noexec()),
        ("Terminal and locale", _terminal()),
        ("Limits (soft, hard)", [f"{name} {resource.getrlimit(getattr(resource, name))}" for name in _LIMITS]),
        ("Findings of onbox check", [f"{finding.state} {finding.check}: {finding.words.what}" for finding in findings]),
        *((f"rsautil {' '.join(arguments)}", _help(subject, findings, arguments, tick)) for arguments in _HELP),
    )
    body = "\n".join(f"\n## {title}\n\n" + "\n".join(f"    {line}" for line in lines) for title, lines in sections)
    head = f"# Support report\n\nonbox {__version__}, Python {platform.python_version()}.\n"
    left_out = "Left out: host names, account names, addresses.\n"
    return head + left_out + without_names(body, _names(subject)) + "\n"


def without_names(text: str, names: dict[str, str]) -> str:
    """Replace each of NAMES by what it stands for, and all addresses, in TEXT."""
    text = _MAIL.sub("<address>", text)
    for name, kind in sorted(names.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", f"<{kind}>", text, flags=re.IGNORECASE)
    return _ADDRESS.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(found[0].rstrip("."))
    except ValueError:
        return found[0]
    return "<address>"


def _names(subject: Subject) -> dict[str, str]:
    host = socket.gethostname()
    accounts = {subject.caller.os_user, Path(os.environ.get("HOME", "")).name}
    if subject.settings.rsautil.exists():
        accounts.add(account_name(subject.settings.rsautil.stat().st_uid))
    return {
        **dict.fromkeys(accounts - {"", "root"}, "account"),
        **dict.fromkeys({host, host.partition(".")[0]} - {"", "localhost"}, "host"),
    }


def _system() -> list[str]:
    lines = _OS_RELEASE.read_text("utf-8", "replace").splitlines() if _OS_RELEASE.exists() else ["no /etc/os-release"]
    return [
        *(line for line in lines if line.startswith(("NAME=", "VERSION=", "VERSION_ID=", "PRETTY_NAME=", "no "))),
        f"kernel {os.uname().release} {os.uname().machine}",
        os.confstr("CS_GNU_LIBC_VERSION") or "no glibc",
        f"file names in {sys.getfilesystemencoding()}",
    ]


def _folders(subject: Subject) -> list[Path]:
    settings = subject.settings
    return [settings.home, settings.rsautil.parent, settings.rsautil, settings.directory, settings.directory.parent]


def _described(subject: Subject, path: Path) -> str:
    try:
        status = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    owner = {0: "root", subject.caller.uid: "you"}.get(status.st_uid, account_name(status.st_uid))
    return f"{stat.filemode(status.st_mode)} {path}, owned by {owner}, group {status.st_gid}"


def _noexec() -> list[str]:
    found = [place for place in _PLACES if Path(place).exists() and os.statvfs(place).f_flag & os.ST_NOEXEC]
    return found or ["none of " + " ".join(_PLACES)]


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
    """Ask rsautil for its help, unless one of FINDINGS forbids to run it."""
    if stop := first_stop(finding for finding in findings if finding.check in ("user", "rsautil", "writers")):
        return [f"Not asked: {message_of(stop).what}"]
    return _said(subject.settings.rsautil, arguments, tick)


def _said(command: Path, arguments: tuple[str, ...], tick: Tick) -> list[str]:
    """Run COMMAND without answering anything, and give what it said and how it ended."""
    script = Script(answers={}, decides=lambda _: False, redact=lambda line: line)
    clean = environment(os.getuid(), os.environ)
    said = converse(command, arguments, script, environment=clean, timeout=_SECONDS, tick=tick)
    return [*said.lines, f"[{said.ending}, exit code {said.exit_code}, signal {said.signal}, {said.seconds:.1f} s]"]


def write_report(subject: Subject, findings: list[Finding], file: Path, console: Console) -> None:
    """Put the report on this machine into a new FILE that only its owner can read, and say so.

    Raises:
        OnboxError: when there is such a file already, or it can't be written.
    """
    with console.working("Report", "rsautil is asked for its help; silent seconds are normal") as tick:
        text = report(subject, findings, tick)
    _write(text, file)
    words = message("report-written", path=file)
    console.step("ok", "Report", f"{words.what} {words.advice}")


def _write(text: str, file: Path) -> None:
    """Put TEXT into a new FILE that only its owner can read.

    Raises:
        OnboxError: when there is such a file already, or it can't be written.
    """
    try:
        with open(file, "x", encoding="utf-8", errors="backslashreplace", opener=_open_private) as stream:
            stream.write(text)
    except FileExistsError:
        raise OnboxError("report-exists", path=file) from None
    except (OSError, ValueError) as error:
        raise OnboxError("report-unwritable", path=file, detail=getattr(error, "strerror", None) or error) from None


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
