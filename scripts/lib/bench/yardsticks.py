"""What onbox is compared with."""

from __future__ import annotations

# The smallest Typer program with two commands, as the library's own tutorial would write it.
TYPER = '''
from typing import Annotated
import typer

app = typer.Typer()


def print_version(wanted: bool) -> None:
    if wanted:
        typer.echo("yardstick 1")
        raise typer.Exit


@app.callback()
def common(version: Annotated[bool, typer.Option("--version", callback=print_version, is_eager=True)] = False) -> None:
    """Do one thing or another."""


@app.command()
def one() -> None:
    """Do one thing."""


@app.command()
def other() -> None:
    """Do another thing."""


def main() -> None:
    app()
'''
TYPER_MAIN = "from yardstick import main; main()"

# The same two calls of rsautil, answered by a script that looks at nothing and writes nothing.
EXPECT = """
log_user 0
set timeout 60
lassign $argv rsautil name password key
cd [file dirname $rsautil]
spawn $rsautil manage-secrets -a get com.rsa.db.dba.password
expect "username:" { send "$name\\r" }
expect "password:" { send "$password\\r" }
expect eof
set first [lindex [wait] 3]
spawn $rsautil store -o $name -a update_config $key 0 GLOBAL
expect "password:" { send "$password\\r" }
expect eof
exit [expr {$first + [lindex [wait] 3]}]
"""

# The least that looks at every record: no chain, no tip, no canonical form.
LOOP = """
import hashlib, json, sys
with open(sys.argv[1], "rb") as journal:
    for line in journal:
        json.loads(line)
        hashlib.sha256(line).digest()
"""
# The same without the hashes, which sha256sum is asked for.
PARSE = """
import json, sys
with open(sys.argv[1], "rb") as journal:
    for line in journal:
        json.loads(line)
"""
