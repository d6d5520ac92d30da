"""Paths and timeouts: the defaults, and the settings file that may change them."""

import hashlib
import math
import os
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.errors import OnboxError

DEFAULT_FILE = Path("/etc/onbox/onbox.toml")


@dataclass(frozen=True)
class Settings:
    """What can differ between two appliances; times are in seconds."""

    home: Path = Path("/opt/rsa/am")
    administrator_timeout: float = 120
    update_timeout: float = 300
    directory: Path = Path("/var/log/onbox")
    syslog: str = "/dev/log"
    syslog_required: bool = False
    file: str = ""
    sha256: str = ""

    @property
    def rsautil(self) -> Path:
        """Where rsautil is: `utils/rsautil` below the home folder of Authentication Manager."""
        return self.home / "utils" / "rsautil"


def _absolute_path(value: Any) -> Path:  # noqa: ANN401 - whatever TOML can hold
    if type(value) is str and "\0" not in value and Path(value).is_absolute():
        return Path(value)
    raise ValueError("an absolute path in quotes")


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


KEYS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "appliance": {"home": ("home", _absolute_path)},
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
    """Read the CONTENT of a settings FILE.

    Raises:
        OnboxError: for text that is not TOML, an unknown key or a wrong value; it names the key and the file.
    """
    try:
        document = tomllib.loads(content.decode("utf-8"))
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


def load(file: Path | None, uid: int) -> Settings:
    """Give the settings of FILE, or of the default file where there is one.

    UID is the caller's: the file must belong to them or to root, and nobody else may be able to write it.

    Raises:
        OnboxError: when the file is missing, not safe or not right.
    """
    path = file or DEFAULT_FILE
    try:
        with open(path, "rb", opener=_open_without_waiting) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read() if stat.S_ISREG(status.st_mode) else None
    except FileNotFoundError:
        if file is None:
            return Settings()
        raise OnboxError("settings-missing", file=path) from None
    except (OSError, ValueError) as error:
        raise OnboxError("settings-unreadable", file=path, detail=error) from None
    if content is None:
        raise OnboxError("settings-unreadable", file=path, detail="it is not a regular file")
    if status.st_mode & 0o022 or status.st_uid not in (0, uid):
        raise OnboxError("settings-unsafe", file=path)
    return parse(content, str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    """Open PATH even where it is a pipe nobody writes to: it is refused a moment later."""
    return os.open(path, flags | os.O_NONBLOCK)
