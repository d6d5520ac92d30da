"""The settings file: everything that can differ between two appliances, with the defaults."""

import codecs
import hashlib
import math
import os
import re
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.errors import OnboxError

DEFAULT_FILE = Path("/etc/onbox/onbox.toml")

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# Variables that load code into a program or change what it runs or prints, and those that onbox sets itself.
_REFUSED_VARIABLES = re.compile(
    r"(?:LD_|PG|PSQL|PYTHON|PERL|RUBY|NODE_|BASH|GCONV_|GLIBC_|MALLOC_|OPENSSL_|LC_|TERM|LESS)\w*|\w*JAVA\w*OPT(?:ION)?S"
    r"|CLASSPATH|ENV|SHELL|SHELLOPTS|PS[0-4]|IFS|PATH|CDPATH|GLOBIGNORE|PROMPT_COMMAND|HOME|USER|LOGNAME|LANG|LANGUAGE"
    r"|LOCPATH|NLSPATH|PAGER|EDITOR|VISUAL|PWD|OLDPWD|SHLVL|_"
)


@dataclass(frozen=True)
class Settings:
    """Everything that can differ between two appliances; times are in seconds, "" stands for none."""

    home: Path = Path("/opt/rsa/am")
    user: str = ""
    trusted_group: str = ""
    environment: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    administrator_timeout: float = 120
    update_timeout: float = 300
    directory: Path = Path("/var/log/onbox")
    syslog: str = "/dev/log"
    syslog_required: bool = False
    file: str = ""
    sha256: str = ""

    @property
    def rsautil(self) -> Path:
        """The path of rsautil: `utils/rsautil` below the home folder of Authentication Manager (docs/appliance.md)."""
        return self.home / "utils" / "rsautil"


def _absolute_path(value: Any) -> Path:  # noqa: ANN401 - TOML has many types
    if type(value) is str and "\0" not in value and Path(value).is_absolute():
        return Path(value)
    raise ValueError("an absolute path in quotes")


def _account(value: Any) -> str:  # noqa: ANN401
    if type(value) is str and value.isprintable() and value not in ("root", "0"):
        return value
    raise ValueError("the name of an account other than root, in quotes")


def _group(value: Any) -> str:  # noqa: ANN401
    if type(value) is str and value.isprintable():
        return value
    raise ValueError("the name of a group, in quotes")


def _seconds(value: Any) -> float:  # noqa: ANN401
    if type(value) in (int, float) and math.isfinite(value) and 0 < value <= 86400:  # noqa: PLR2004 - a day
        return float(value)
    raise ValueError("a number of seconds above 0 and up to 86400")


def _socket(value: Any) -> str:  # noqa: ANN401
    return "" if value == "" else str(_absolute_path(value))


def _flag(value: Any) -> bool:  # noqa: ANN401
    if type(value) is bool:
        return value
    raise ValueError("true or false")


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if type(value) is list and all(type(text) is str and text.isprintable() and text.strip() for text in value):
        return tuple(value)
    raise ValueError("a list of texts in quotes, each on one line")


def _variables(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    names = _texts(value)
    if all(_VARIABLE.fullmatch(name) and not _REFUSED_VARIABLES.fullmatch(name) for name in names):
        return names
    raise ValueError("a list of names of variables, none of which can change what programs run, as LD_PRELOAD does")


def _harmless(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    lines = _texts(value)
    if any(line.lstrip().startswith("*") for line in lines):
        raise ValueError("a list of whole lines, none of which begins with *")
    return lines


KEYS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "appliance": {
        "home": ("home", _absolute_path),
        "user": ("user", _account),
        "trusted_group": ("trusted_group", _group),
        "environment": ("environment", _variables),
        "harmless": ("harmless", _harmless),
    },
    "timeouts": {
        "administrator": ("administrator_timeout", _seconds),
        "update": ("update_timeout", _seconds),
    },
    "audit": {
        "directory": ("directory", _absolute_path),
        "syslog": ("syslog", _socket),
        "syslog_required": ("syslog_required", _flag),
    },
}


def parse(content: bytes, file: str) -> Settings:
    """Give the settings in the CONTENT of FILE.

    Raises:
        OnboxError: if it is not TOML in UTF-8, has an unknown key or a wrong value; the error names key and file.
    """
    try:
        document = tomllib.loads(_decoded(content))
    except (ValueError, RecursionError) as error:
        raise OnboxError("settings-unreadable", file=file, detail=str(error)) from None
    values: dict[str, Any] = {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
    for section, entries in document.items():
        if section not in KEYS or not isinstance(entries, dict):
            raise OnboxError("settings-unknown", file=file, key=section, known=", ".join(f"[{name}]" for name in KEYS))
        for key, value in entries.items():
            if key not in KEYS[section]:
                known = ", ".join(KEYS[section])
                raise OnboxError("settings-unknown", file=file, key=f"{section}.{key}", known=known)
            field, read = KEYS[section][key]
            try:
                values[field] = read(value)
            except ValueError as error:
                raise OnboxError("settings-value", file=file, key=f"{section}.{key}", wanted=str(error)) from None
    settings = Settings(**values)
    if settings.syslog_required and not settings.syslog:
        raise OnboxError("settings-value", file=file, key="audit.syslog", wanted="a path when syslog_required is true")
    return settings


def _decoded(content: bytes) -> str:
    """Decode CONTENT as UTF-8, with or without the byte order mark that Windows editors write.

    Raises:
        ValueError: if it is in another encoding; the text says what to do.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it is in UTF-16; save it as UTF-8")
    if b"\0" in content:
        raise ValueError("it contains NUL bytes, as UTF-16 does; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def load(file: Path | None, uid: int) -> Settings:
    """Give the settings of FILE; without FILE, those of the default file, which may be missing.

    The file must belong to root or to UID, the caller, and only its owner may be able to write to it.

    Raises:
        OnboxError: if the file is missing, unsafe or not valid.
    """
    path = file or DEFAULT_FILE
    try:
        with open(path, "rb", opener=_open_without_waiting) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read() if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError) as error:
        if file is None and isinstance(error, FileNotFoundError):
            return Settings()
        raise OnboxError("settings-unreadable", file=path, detail=error) from None
    if content is None:
        raise OnboxError("settings-unreadable", file=path, detail="it is not a regular file")
    if status.st_mode & 0o022 or status.st_uid not in (0, uid):
        raise OnboxError("settings-unsafe", file=path)
    return parse(content, str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    """Open PATH without waiting for a writer if it is a FIFO, which `load` then refuses."""
    return os.open(path, flags | os.O_NONBLOCK)
