"""The settings file: everything that can differ between two appliances, with the defaults."""

import hashlib
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onbox.errors import OnboxError

DEFAULT_FILE = Path("/etc/onbox/onbox.toml")

_MOST_SECONDS = 86400  # a day
# No variable that loads code into a program or changes what it runs or prints, and none that onbox sets itself.
_VARIABLE = (
    r"(?!(?:(?:LD_|PG|PSQL|PYTHON|PERL|RUBY|NODE_|BASH|GCONV_|GLIBC_|MALLOC_|OPENSSL_|LC_|TERM|LESS)\w*"
    r"|\w*JAVA\w*OPT(?:ION)?S|CLASSPATH|ENV|SHELL|SHELLOPTS|PS[0-4]|IFS|PATH|CDPATH|GLOBIGNORE|PROMPT_COMMAND"
    r"|HOME|USER|LOGNAME|LANG|LANGUAGE|LOCPATH|NLSPATH|PAGER|EDITOR|VISUAL|PWD|OLDPWD|SHLVL|_)$)[A-Za-z_][A-Za-z0-9_]*"
)


@dataclass(frozen=True)
class Settings:
    """Everything that can differ between two appliances; times are in seconds, "" stands for none."""

    home: Path = Path("/opt/rsa/am")
    user: str = ""
    trusted_group: str = ""
    environment: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    administrator_timeout: float = 120.0
    update_timeout: float = 300.0
    directory: Path = Path("/var/log/onbox")
    syslog: str = "/dev/log"
    syslog_required: bool = False
    file: str = ""
    sha256: str = ""

    @property
    def rsautil(self) -> Path:
        """The path of rsautil: `utils/rsautil` below the home folder of Authentication Manager (docs/appliance.md)."""
        return self.home / "utils" / "rsautil"


_PATH, _TIME = "an absolute path in quotes", f"a number of seconds above 0 and up to {_MOST_SECONDS}"

# By key: the field of Settings, the pattern of a text in its value, and what it takes.
KEYS = {
    "appliance.home": ("home", "/.*", _PATH),
    "appliance.user": ("user", "(?!(?:root|0)$).*", "the name of an account other than root, in quotes"),
    "appliance.trusted_group": ("trusted_group", ".*", "the name of a group, in quotes"),
    "appliance.environment": ("environment", _VARIABLE, "a list of variables that cannot change what programs run"),
    "appliance.harmless": ("harmless", " *[^ *].*", "a list of whole lines in quotes, none of which begins with *"),
    "timeouts.administrator": ("administrator_timeout", "", _TIME),
    "timeouts.update": ("update_timeout", "", _TIME),
    "audit.directory": ("directory", "/.*", _PATH),
    "audit.syslog": ("syslog", "(?:/.*)?", _PATH),
    "audit.syslog_required": ("syslog_required", "", "true or false"),
}
_SECTIONS = {key.partition(".")[0] for key in KEYS}


def _fits(value: Any, kind: type, pattern: str) -> bool:  # noqa: ANN401 - TOML has many types
    """Tell whether VALUE is right for a field of this KIND, each text in it printable and of the form PATTERN."""
    if kind is bool:
        return type(value) is bool
    if kind is float:
        return type(value) in (int, float) and 0 < value <= _MOST_SECONDS
    if kind is tuple:
        return type(value) is list and all(_fits(text, str, pattern) for text in value)
    return type(value) is str and value.isprintable() and bool(re.fullmatch(pattern, value))


def parse(content: bytes, file: str) -> Settings:
    """Give the settings in the CONTENT of FILE, with or without the byte order mark that Windows editors write.

    Raises:
        OnboxError: if it is not TOML in UTF-8, has an unknown key or a wrong value; the error names key and file.
    """
    if b"\0" in content:
        raise OnboxError("settings-unreadable", file=file, detail="it has NUL bytes, as UTF-16 does; save it as UTF-8")
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise OnboxError("settings-unreadable", file=file, detail=str(error)) from None
    values: dict[str, Any] = {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
    for section, entries in document.items():
        keys = {section: None}
        if section in _SECTIONS and type(entries) is dict:
            keys = {f"{section}.{key}": value for key, value in entries.items()}
        for key, value in keys.items():
            if key not in KEYS:
                raise OnboxError("settings-unknown", file=file, key=key, known=", ".join(KEYS))
            field, pattern, wanted = KEYS[key]
            kind = type(getattr(Settings, field))  # that of its default
            if not _fits(value, kind, pattern):
                raise OnboxError("settings-value", file=file, key=key, wanted=wanted)
            values[field] = kind(value)
    settings = Settings(**values)
    if settings.syslog_required and not settings.syslog:
        raise OnboxError("settings-value", file=file, key="audit.syslog", wanted="a path when syslog_required is true")
    return settings


def load(file: Path | None, uid: int) -> Settings:
    """Give the settings of FILE; without FILE, those of the default file, which may be missing.

    The file must belong to root or to UID, the caller, and only its owner may be able to write to it.

    Raises:
        OnboxError: if the file is missing, unsafe or not valid.
    """
    path = file or DEFAULT_FILE
    try:
        # Without waiting for a writer if it is a FIFO.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
            status = os.fstat(stream.fileno())
            content = stream.read() if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if file is None and isinstance(error, FileNotFoundError):
            return Settings()
        raise OnboxError("settings-unreadable", file=path, detail=error.strerror) from None
    if content is None:
        raise OnboxError("settings-unreadable", file=path, detail="it is not a regular file")
    if status.st_mode & 0o022 or status.st_uid not in (0, uid):
        raise OnboxError("settings-unsafe", file=path)
    return parse(content, str(path))
