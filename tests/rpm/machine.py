"""Building RPMs from copies of the checkout, and roots of Debian 11 (glibc 2.31) to install them in."""

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
SECONDS = 60  # how long a prompt or the end may take

# Locales as a login may bring them, by their character set; the package carries the encodings of the last two only.
LOCALES = {
    "ja_JP": "EUC-JP",
    "zh_CN": "GB18030",
    "zh_TW": "BIG5",
    "ko_KR": "EUC-KR",
    "ru_RU": "KOI8-R",
    "de_DE": "UTF-8",
}

# What a root for tests can do without.
UNUSED = (
    "usr/share/doc/*",
    "usr/share/i18n/*",
    "usr/share/locale/*",
    "usr/share/man/man?/*",
    "var/lib/apt/*",
    "var/cache/apt/*",
)

# What the operating system of an appliance provides, for the database of rpm, which is empty in a Debian.
SYSTEM = """\
Name: operating-system
Version: 1
Release: 1
Summary: What the operating system provides
License: MIT
BuildArch: noarch
Provides: /bin/sh
Provides: libc.so.6(GLIBC_2.17)(64bit)
%description
Nothing.
%install
mkdir -p %{buildroot}/usr/share/doc/packages %{buildroot}/usr/share/licenses
%files
%dir /usr/share/doc/packages
%dir /usr/share/licenses
"""

# What changes by itself: rpm's database, homes, what the kernel makes, and what the rehearsal appliance notes.
CHANGING = ("/var/lib/rpm", "/root", "/home", "/tmp", "/proc", "/dev", "/opt/rsa/lib", "/opt/rsa/state")

# A root has a name but no network, and sees its own processes and terminals alone.
HOST = "am-primary"
ENTER = f"""\
hostname {HOST}
mount -t proc proc "$0/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts"
exec chroot "$0" "$@"
"""


def output(*command: str | Path) -> str:
    """Return what a command prints."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build(tree: Path, *prefix: str, **environment: str) -> Path:
    """Return the RPM that a checkout makes."""
    printed = subprocess.run(
        [*prefix, tree / "scripts" / "build-rpm"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ).stdout
    return Path(printed.splitlines()[-1])


def copy(folder: Path, *, backwards: bool = False) -> Path:
    """Return *folder* with a copy of the checkout; made backwards, a folder may list its files in another order."""
    for path in sorted(CHECKOUT.rglob("*"), reverse=backwards):
        inner = path.relative_to(CHECKOUT)
        if path.is_file() and not re.match(r"\.git/|\.venv|dist/|\.\w+_cache/", str(inner)):
            (folder / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / inner)
    return folder


def make_key(home: Path, *options: str) -> str:
    """Return the fingerprint of a new key, which is good for a day, in gpg's folder *home*."""
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--quiet", "--homedir", str(home), "--batch", "--passphrase", "", *options]
    subprocess.run([*gpg, "--quick-generate-key", "onbox test", "rsa2048", "sign", "1d"], check=True)
    keys = output(*gpg, "--list-keys", "--with-colons").splitlines()
    return next(line.split(":")[9] for line in keys if line.startswith("fpr:"))


def debian_11() -> Path:
    """Return an archive of a Debian 11 with rpm, locales, and a Python for the rehearsal appliance; made once."""
    archive = CACHE / "debian-11.tar"
    if not archive.exists():
        folder, part = CACHE / "debian-11", CACHE / "debian-11.part"
        shutil.rmtree(folder, ignore_errors=True)
        include = "--include=rpm,python3,locales,bash-completion"
        subprocess.run(["debootstrap", "--variant=minbase", include, "bullseye", folder], check=True)
        for language, characters in LOCALES.items():
            name = f"/usr/lib/locale/{language}.{characters}"
            subprocess.run(["chroot", folder, "localedef", "-i", language, "-f", characters, name], check=True)
        exclude = [f"--exclude=./{path}" for path in UNUSED]
        subprocess.run(["tar", "-C", folder, "-cf", part, *exclude, "."], check=True)
        part.rename(archive)
        shutil.rmtree(folder)
    return archive


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed on both outputs."""

    exit_code: int
    text: str


@dataclass(frozen=True)
class Root:
    """A Debian 11 in *folder*."""

    folder: Path

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command in here."""
        return [
            "unshare",
            "--net",
            "--uts",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            ENTER,
            str(self.folder),
            *command,
        ]

    def run(self, *command: str) -> Result:
        """Run a command as root."""
        done = subprocess.run(
            self.command(*command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def login(self, user: str) -> pexpect.spawn[str]:
        """Return a terminal of 80x25 in here, at which a user has logged in."""
        line, *arguments = self.command("script", "--quiet", "--return", "--command", f"su --login {user}", "/dev/null")
        return pexpect.spawn(line, arguments, encoding="utf-8", timeout=SECONDS, dimensions=(25, 80), echo=False)

    def put(self, package: Path) -> str:
        """Return the place in here of a copy of the package."""
        shutil.copy(package, self.folder / "root")
        return f"/root/{package.name}"

    def rpm(self, *arguments: str | Path) -> Result:
        """Run this root's own rpm; the packages among the arguments are put where it can read them."""
        result = self.run("rpm", *(self.put(each) if isinstance(each, Path) else each for each in arguments))
        lines = [
            line for line in result.text.splitlines() if "use Alien" not in line and "However assuming" not in line
        ]
        return Result(result.exit_code, "\n".join(lines))

    def read(self, path: str) -> str:
        """Return the text of a file."""
        return (self.folder / path.lstrip("/")).read_text()

    def files(self) -> set[str]:
        """Return every file and folder that a package could have left behind."""
        found = output("find", self.folder, "-mindepth", "1", "-printf", "/%P\n").splitlines()
        return {path for path in found if not path.startswith(CHANGING)}

    def add_appliance(self, owner: str) -> None:
        """Put the rehearsal appliance where the real one is, with a user it belongs to."""
        for name in ("appliance", "transcripts"):
            shutil.copytree(CHECKOUT / "tests" / name, self.folder / "tmp" / name)
        make = ["python3", "/tmp/appliance/make.py", "/opt/rsa", "--python", "/usr/bin/python3"]
        for command in (["useradd", "-m", "-s", "/bin/sh", owner], make, ["chown", "-R", f"{owner}:", "/opt/rsa"]):
            result = self.run(*command)
            assert result.exit_code == 0, result.text


def make_root(folder: Path, archive: Path) -> Root:
    """Return a fresh root whose rpm knows what the operating system provides."""
    folder.mkdir()
    subprocess.run(["tar", "-C", folder, "-xf", archive], check=True)
    (folder / "root" / "system.spec").write_text(SYSTEM)
    root = Root(folder)
    assert root.run("rpmbuild", "-bb", "--define", "_rpmdir /root", "/root/system.spec").exit_code == 0
    installed = root.run("rpm", "-i", "/root/noarch/operating-system-1-1.noarch.rpm")
    assert installed.exit_code == 0, installed.text
    return root
