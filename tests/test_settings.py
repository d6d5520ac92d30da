"""The settings file is read strictly, and only where nobody else could have written it."""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbox.errors import OnboxError
from onbox.messages import message_of
from onbox.settings import DEFAULT_FILE, KEYS, Settings, load, parse

EVERYTHING = b"""
[appliance]
home = "/srv/am"
user = "rsaadmin"
trusted_group = "rsa"
environment = ["AM_HOME", "RSA_X"]
harmless = ["Terminating *", "Done."]
[timeouts]
administrator = 1
update = 0.5
[audit]
directory = "/srv/audit"
syslog = "/run/log"
syslog_required = true
"""


def test_defaults() -> None:
    """An empty file changes nothing but the name and the hash of the file in use."""
    settings = parse(b"", "x.toml")

    assert Settings(file="x.toml", sha256=hashlib.sha256(b"").hexdigest()) == settings
    assert Path("/opt/rsa/am/utils/rsautil") == settings.rsautil


def test_everything() -> None:
    """Each documented key is taken."""
    assert (
        Settings(
            home=Path("/srv/am"),
            user="rsaadmin",
            trusted_group="rsa",
            environment=("AM_HOME", "RSA_X"),
            harmless=("Terminating *", "Done."),
            administrator_timeout=1.0,
            update_timeout=0.5,
            directory=Path("/srv/audit"),
            syslog="/run/log",
            syslog_required=True,
            file="x.toml",
            sha256=hashlib.sha256(EVERYTHING).hexdigest(),
        )
        == parse(EVERYTHING, "x.toml")
    )  # fmt: skip
    assert EVERYTHING.count(b" = ") == sum(map(len, KEYS.values()))


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_editors(mark: bytes, end: bytes) -> None:
    """A byte order mark and line ends of Windows are read over."""
    settings = parse(mark + EVERYTHING.replace(b"\n", end), "x.toml")

    assert replace(parse(EVERYTHING, "x.toml"), sha256="") == replace(settings, sha256="")


def test_variables() -> None:
    """A variable that only tells a program where something is can be named."""
    names = ("AM_HOME", "JAVA_HOME", "ORACLE_SID", "LDAP_HOST", "http_proxy", "RSA_AM_HOME", "ENVIRONMENT", "IFSX")

    assert names == parse(f"[appliance]\nenvironment = {list(names)}".encode(), "x.toml").environment


def test_syslog_off() -> None:
    """An empty text switches the copy off."""
    assert "" == parse(b'[audit]\nsyslog = ""', "x.toml").syslog


REFUSED_VARIABLES = [
    "A-B", "A=B", "1A", "LD_PRELOAD", "LD_LIBRARY_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS",
    "JDK_JAVA_OPTIONS", "CLASSPATH", "IBM_JAVA_OPTIONS", "BASH_ENV", "BASH_FUNC_x", "ENV", "SHELLOPTS", "PS4", "IFS",
    "PATH", "CDPATH", "PGHOST", "PGOPTIONS", "PGPASSFILE", "PSQLRC", "PSQL_PAGER", "PYTHONPATH", "PERL5LIB",
    "PERL5OPT", "PERLLIB", "RUBYOPT", "NODE_OPTIONS", "HOME", "USER", "TERM", "TERMINFO", "LC_ALL", "LANG", "PAGER",
    "GCONV_PATH", "MALLOC_CHECK_", "OPENSSL_CONF",
]  # fmt: skip
WRONG = [
    ("nonsense", "settings-unreadable", "x.toml"),
    ("[audit]\n# \xe4", "settings-unreadable", "line 2 is not UTF-8"),
    ("\xff\xfe[\0a\0]\0", "settings-unreadable", "UTF-16"),
    ("\xfe\xff\0[\0a\0]", "settings-unreadable", "UTF-16"),
    ("[\0a\0]\0", "settings-unreadable", "UTF-16"),
    ("x = " + "[" * 5000, "settings-unreadable", "x.toml"),
    ("x = " + "9" * 5000, "settings-unreadable", "x.toml"),
    ("home = '/srv'", "settings-unknown", "home"),
    ("[other]", "settings-unknown", "[appliance], [timeouts], [audit]"),
    ("audit = 1", "settings-unknown", "audit"),
    ("[audit]\nsyslogs = ''", "settings-unknown", "audit.syslogs"),
    ("[appliance]\nhome = 'am'", "settings-value", "appliance.home"),
    ("[appliance]\nhome = 1", "settings-value", "an absolute path"),
    ('[appliance]\nhome = "/a\\u0000"', "settings-value", "an absolute path"),
    ("[appliance]\nuser = 'root'", "settings-value", "appliance.user"),
    ("[appliance]\nuser = 0", "settings-value", "appliance.user"),
    ("[appliance]\ntrusted_group = ['a', 'b']", "settings-value", "appliance.trusted_group"),
    ("[appliance]\ntrusted_group = '\x1b'", "settings-unreadable", "x.toml"),
    ('[appliance]\ntrusted_group = "\\u001b"', "settings-value", "appliance.trusted_group"),
    ("[appliance]\nharmless = 'Done.'", "settings-value", "a list of texts"),
    ("[appliance]\nharmless = [1]", "settings-value", "a list of texts"),
    ("[appliance]\nharmless = [' ']", "settings-value", "a list of texts"),
    ('[appliance]\nharmless = ["a\\nb"]', "settings-value", "a list of texts"),
    ("[appliance]\nharmless = ['Done.', '* done']", "settings-value", "begins with *"),
    ("[appliance]\nharmless = [' *']", "settings-value", "begins with *"),
    ("[appliance]\nenvironment = 'AM_HOME'", "settings-value", "a list of texts"),
    *[
        (f"[appliance]\nenvironment = ['{name}']", "settings-value", "a list of names of variables")
        for name in REFUSED_VARIABLES
    ],
    ("[timeouts]\nupdate = 0", "settings-value", "timeouts.update"),
    ("[timeouts]\nupdate = 86401", "settings-value", "86400"),
    ("[timeouts]\nupdate = nan", "settings-value", "a number of seconds"),
    ("[timeouts]\nupdate = inf", "settings-value", "a number of seconds"),
    ("[timeouts]\nupdate = true", "settings-value", "a number of seconds"),
    ("[timeouts]\nupdate = '5'", "settings-value", "a number of seconds"),
    ("[audit]\nsyslog = 'log'", "settings-value", "audit.syslog"),
    ("[audit]\nsyslog_required = 1", "settings-value", "true or false"),
    ("[audit]\nsyslog = ''\nsyslog_required = true", "settings-value", "audit.syslog"),
]


@pytest.mark.parametrize(("content", "key", "named"), WRONG, ids=lambda value: repr(value)[:40])
def test_wrong(content: str, key: str, named: str) -> None:
    """A fault is named with its file; nothing is guessed."""
    with pytest.raises(OnboxError) as caught:
        parse(content.encode("latin-1"), "x.toml")

    said = message_of(caught.value)
    assert (key, 2) == (caught.value.code, said.exit_code)
    assert "x.toml" in said.what
    assert named in said.what + said.advice


TOML = st.sampled_from([
    *"[]{}='\"#\n.,-_0159 \\", "[audit]", "[appliance]", "[timeouts]", "home", "update", "syslog", "syslog_required",
    " = ", '"/srv"', "true", "1e400", "9" * 5000, "nan", "1979-05-27", "\0", "\xff", "[[audit]]", "\ud800",
])  # fmt: skip


@given(st.lists(TOML | st.text(max_size=5)).map("".join).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_content(content: bytes) -> None:
    """Any content is either taken or refused as an error of onbox."""
    try:
        settings = parse(content, "x.toml")
    except OnboxError as error:
        assert 2 == message_of(error).exit_code  # noqa: PT017 - both ends are fine
    else:
        assert settings.home.is_absolute()
        assert 0 < settings.update_timeout <= 86400


def test_load(tmp_path: Path) -> None:
    """A file of the caller that nobody else can write is read."""
    file = tmp_path / "onbox.toml"
    file.write_bytes(EVERYTHING)
    file.chmod(0o644)

    assert parse(EVERYTHING, str(file)) == load(file, os.getuid())


def test_load_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The default file may be missing."""
    assert DEFAULT_FILE == Path("/etc/onbox/onbox.toml")
    monkeypatch.setattr("onbox.settings.DEFAULT_FILE", tmp_path / "onbox.toml")

    assert Settings() == load(None, os.getuid())


def load_error(file: Path, uid: int | None = None) -> tuple[str, int]:
    """Return the key and the exit code of what *file* is refused for."""
    with pytest.raises(OnboxError) as caught:
        load(file, os.getuid() if uid is None else uid)
    return caught.value.code, message_of(caught.value).exit_code


def test_load_missing(tmp_path: Path) -> None:
    """A file that was asked for must be there."""
    assert ("settings-unreadable", 2) == load_error(tmp_path / "onbox.toml")


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o622])
def test_load_writable(tmp_path: Path, mode: int) -> None:
    """A file that others may write is refused."""
    file = tmp_path / "onbox.toml"
    file.touch()
    file.chmod(mode)

    assert ("settings-unsafe", 3) == load_error(file)


def test_load_of_a_stranger(tmp_path: Path) -> None:
    """A file of somebody else is refused, root's is not."""
    file = tmp_path / "onbox.toml"
    file.touch(0o644)
    root = Path("/etc/passwd")

    assert ("settings-unsafe", 3) == load_error(file, os.getuid() + 1)
    assert ("settings-unreadable", 2) == load_error(root)


def test_load_no_file(tmp_path: Path) -> None:
    """Only a regular file is read: a FIFO without a writer, a folder and an impossible name are refused at once."""
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", tmp_path, tmp_path / "a\0b"):
        assert ("settings-unreadable", 2) == load_error(path)


def test_load_unreadable(tmp_path: Path) -> None:
    """A file that can't be read is named, with the system's reason."""
    file = tmp_path / "onbox.toml"
    file.touch(0o000)

    with pytest.raises(OnboxError, match="Permission denied"):
        load(file, os.getuid())
