"""The settings file is read strictly, and only where nobody else could have written it."""

from __future__ import annotations

import codecs
import hashlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from onbox.errors import OnboxError, message_of
from onbox.settings import DEFAULT_FILE, KEYS, Settings, load, parse

EVERYTHING = b"""
[appliance]
home = "/srv/am"
user = "rsaadmin"
trusted_group = "rsa"
environment = ["AM_HOME", "JAVA_HOME", "http_proxy", "ENVIRONMENT", "IFSX"]
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


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_everything(mark: bytes, end: bytes) -> None:
    """Each documented key is taken, also from a file that an editor of Windows wrote."""
    settings = parse(mark + EVERYTHING.replace(b"\n", end), "x.toml")

    assert (
        Settings(
            home=Path("/srv/am"),
            user="rsaadmin",
            trusted_group="rsa",
            environment=("AM_HOME", "JAVA_HOME", "http_proxy", "ENVIRONMENT", "IFSX"),
            harmless=("Terminating *", "Done."),
            administrator_timeout=1.0,
            update_timeout=0.5,
            directory=Path("/srv/audit"),
            syslog="/run/log",
            syslog_required=True,
            file="x.toml",
        )
        == replace(settings, sha256="")
    )  # fmt: skip
    assert EVERYTHING.count(b" = ") == len(KEYS)


def test_syslog_off() -> None:
    """An empty text switches the copy off."""
    assert "" == parse(b'[audit]\nsyslog = ""', "x.toml").syslog


REFUSED_VARIABLES = [
    "A-B", "A=B", "1A", "LD_PRELOAD", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "CLASSPATH", "BASH_ENV", "ENV",
    "PS4", "IFS", "PATH", "PGHOST", "PSQLRC", "PYTHONPATH", "PERL5OPT", "HOME", "TERMINFO", "LC_ALL", "OPENSSL_CONF",
]  # fmt: skip
WRONG = [
    ("nonsense", "settings-unreadable", "x.toml"),
    ("[audit]\n# \xe4", "settings-unreadable", "utf-8"),
    ("\xff\xfe[\0a\0]\0", "settings-unreadable", "UTF-16"),
    ("x = " + "[" * 5000, "settings-unreadable", "x.toml"),
    ("home = '/srv'", "settings-unknown", "home"),
    ("[other]", "settings-unknown", "audit.directory"),
    ("audit = 1", "settings-unknown", "audit"),
    ("[audit]\nsyslogs = ''", "settings-unknown", "audit.syslogs"),
    ("[appliance]\nhome = 'am'", "settings-value", "appliance.home"),
    ("[appliance]\nhome = 1", "settings-value", "an absolute path"),
    ('[appliance]\nhome = "/a\\u0000"', "settings-value", "an absolute path"),
    ("[appliance]\nuser = 'root'", "settings-value", "appliance.user"),
    ("[appliance]\ntrusted_group = ['a', 'b']", "settings-value", "appliance.trusted_group"),
    ('[appliance]\ntrusted_group = "\\u001b"', "settings-value", "appliance.trusted_group"),
    ("[appliance]\nharmless = 'Done.'", "settings-value", "a list of whole lines"),
    ("[appliance]\nharmless = [1]", "settings-value", "a list of whole lines"),
    ("[appliance]\nharmless = [' ']", "settings-value", "a list of whole lines"),
    ('[appliance]\nharmless = ["a\\nb"]', "settings-value", "a list of whole lines"),
    ("[appliance]\nharmless = ['Done.', ' * done']", "settings-value", "begins with *"),
    *[(f"[appliance]\nenvironment = ['{x}']", "settings-value", "a list of variables") for x in REFUSED_VARIABLES],
    *[(f"[timeouts]\nupdate = {x}", "settings-value", "86400") for x in ("0", "86401", "nan", "inf", "true", "'5'")],
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


def test_load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The default file may be missing; a file of the caller that nobody else can write is read."""
    file = tmp_path / "onbox.toml"
    assert DEFAULT_FILE == Path("/etc/onbox/onbox.toml")
    monkeypatch.setattr("onbox.settings.DEFAULT_FILE", file)
    assert Settings() == load(None, os.getuid())

    file.write_bytes(EVERYTHING)
    file.chmod(0o644)
    assert parse(EVERYTHING, str(file)) == load(None, os.getuid()) == load(file, os.getuid())

    with pytest.raises(OnboxError, match="settings-unsafe"):
        load(file, os.getuid() + 1)
    with pytest.raises(OnboxError, match="settings-unreadable"):  # root's, so it is read
        load(Path("/etc/passwd"), os.getuid())


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        ("rm onbox.toml", "settings-unreadable"),
        ("rm onbox.toml; mkdir onbox.toml", "settings-unreadable"),
        ("rm onbox.toml; mkfifo onbox.toml", "settings-unreadable"),
        ("chmod 0 onbox.toml", "settings-unreadable"),
        ("chmod 664 onbox.toml", "settings-unsafe"),
        ("chmod 622 onbox.toml", "settings-unsafe"),
    ],
)
def test_load_refused(tmp_path: Path, prepare: str, code: str) -> None:
    """A file must be there and regular, and nobody but its owner may be able to write to it."""
    file = tmp_path / "onbox.toml"
    file.touch(0o644)
    subprocess.run(prepare, shell=True, cwd=tmp_path, check=True)

    with pytest.raises(OnboxError, match=code):
        load(file, os.getuid())
