"""Builds of the RPM from copies of the checkout, and roots of Debian 11 to install it in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pexpect

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ["ONBOX_CACHE"])

# These change by themselves: rpm's database, homes, what the kernel makes, and what the rehearsal appliance notes.
CHANGING = ("/var/lib/rpm", "/root", "/home", "/tmp", "/proc", "/dev", "/opt/rsa/lib", "/opt/rsa/state")

# A root has a name but no network, and sees only its own processes and terminals.
HOST = "am-primary"
ENTER = f"""\
hostname {HOST}
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
exec "$@"
"""


def run(*command: str | Path, **environment: str) -> tuple[int, str]:
    """Run a command; return its exit code, and what it prints on both outputs."""
    done = subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def output(*command: str | Path, **environment: str) -> str:
    """Return the standard output of a command that does not fail."""
    return subprocess.check_output(command, text=True, env=os.environ | environment)


def build(tree: Path, *prefix: str, **environment: str) -> Path:
    """Return the RPM that a checkout makes."""
    return Path(output(*prefix, tree / "scripts" / "build-rpm", **environment).splitlines()[-1])


def copy(folder: Path) -> Path:
    """Return *folder* with a copy of the checkout, made backwards: it may list its files in another order."""
    for path in sorted(CHECKOUT.rglob("*"), reverse=True):
        inner = path.relative_to(CHECKOUT)
        if path.is_file() and not re.match(r"\.git/|\.venv|dist/|\.\w+_cache/", str(inner)):
            (folder / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / inner)
    return folder


def make_key(*options: str) -> str:
    """Return the fingerprint of a new signing key, which is good for a day."""
    gpg = ["gpg", "--quiet", "--batch", "--yes", "--passphrase", "", "--status-fd", "1", *options]
    return output(*gpg, "--quick-generate-key", "onbox test", "rsa2048", "sign", "1d").split()[-1]


@dataclass(frozen=True)
class Root:
    """A Debian 11 in *folder*."""

    folder: Path

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command in here."""
        spaces = ("--net", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        return ["unshare", *spaces, "--root", str(self.folder), "sh", "-c", ENTER, "sh", *command]

    def run(self, *command: str | Path) -> tuple[int, str]:
        """Run a command as root, which gets a copy of each Path among its arguments."""
        for path in command:
            if isinstance(path, Path):
                shutil.copy(path, self.folder / "root")
        code, text = run(*self.command(*(f"/root/{each.name}" if isinstance(each, Path) else each for each in command)))
        # Debian's rpm advises against rpm.
        return code, re.sub("rpm: .*(use Alien|However assuming).*\n", "", text)

    def login(self, user: str) -> pexpect.spawn[str]:
        """Return a terminal of 80x25 in here, at which a user has logged in."""
        line, *arguments = self.command("script", "--quiet", "--return", "--command", f"su --login {user}", "/dev/null")
        person = pexpect.spawn(line, arguments, encoding="utf-8", timeout=60, dimensions=(25, 80), echo=False)
        person.expect("[$] ")
        return person

    def files(self) -> set[str]:
        """Return every file and folder that a package could have left behind."""
        found = output("find", self.folder, "-mindepth", "1", "-printf", "/%P\n").splitlines()
        return {path for path in found if not path.startswith(CHANGING)}

    def add_appliance(self, owner: str) -> None:
        """Put the rehearsal appliance where the real one is, with a user it belongs to."""
        shutil.copytree(CHECKOUT / "tests", self.folder / "tmp" / "tests")
        make = "python3 /tmp/tests/appliance/make.py /opt/rsa --python /usr/bin/python3"
        code, text = self.run("sh", "-ec", f"useradd -m -s /bin/sh {owner}; {make}; chown -R {owner}: /opt/rsa")
        assert code == 0, text


def make_root(folder: Path) -> Root:
    """Return a fresh root."""
    folder.mkdir()
    subprocess.run(["tar", "-C", folder, "-xf", os.environ["ONBOX_ROOT"]], check=True)
    return Root(folder)
