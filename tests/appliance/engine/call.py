"""The command line of rsautil, as far as it is documented."""

from __future__ import annotations

from .wordings import PASSWORD, USERNAME


class Call:
    """One documented command, "verify" (manage-secrets) or "update" (store), with the prompts it asks."""

    def __init__(self, command: str, words: list[str], *, admin: str = "", password: str = "") -> None:
        """Take the command line apart; a name or password not given is to be asked for (documented)."""
        self.command, self.admin, self.password = command, admin, password
        self.key, self.value, self.instance = words[:3]
        self.asks = (() if admin else (USERNAME,)) + (() if password else (PASSWORD,))


def parse(argv: list[str]) -> Call | None:
    """Return the call that *argv*, without the name of the program, makes, or None when it is not a documented one."""
    # That manage-secrets takes -o is not documented: refused.
    if argv == ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"]:
        return Call("verify", ["", "", ""])
    if argv[:1] != ["store"]:
        return None
    options: dict[str, str] = {}
    words = argv[1:]
    while len(words) > 1 and words[0] in {"-o", "-p", "-a"}:
        options[words[0]] = words[1]
        words = words[2:]
    if options.get("-a") != "update_config" or len(words) not in {3, 4}:
        return None
    return Call("update", words, admin=options.get("-o", ""), password=options.get("-p", ""))
