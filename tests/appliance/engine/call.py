"""What rsautil is asked to do: its command line, as far as it is documented."""

from __future__ import annotations

from .wordings import PASSWORD, USERNAME

# How many words each action of store takes; the code at the end is needed by add_config alone.
WORDS = {"update_config": (3, 4), "add_config": (4, 4), "config_all": (2, 3)}


class Call:
    """One documented command, "verify" (manage-secrets) or "update" (store), with the prompts it asks."""

    def __init__(self, command: str, action: str, words: list[str], *, admin: str = "", password: str = "") -> None:
        """Take the command line apart; a name or password not given is to be asked for (documented)."""
        self.command, self.action, self.admin, self.password = command, action, admin, password
        self.key, self.value, self.instance = (words + ["", "", "GLOBAL"][len(words) :])[:3]
        self.asks = (() if admin else (USERNAME,)) + (() if password else (PASSWORD,))


def parse(argv: list[str]) -> Call | None:
    """Return the call that *argv*, without the name of the program, makes, or None when it is not a documented one."""
    # That manage-secrets takes -o is not documented: refused.
    if argv == ["manage-secrets", "-a", "get", "com.rsa.db.dba.password"]:
        return Call("verify", "get", argv[3:])
    if argv[:1] != ["store"]:
        return None
    options: dict[str, str] = {}
    words = argv[1:]
    while len(words) > 1 and words[0] in {"-o", "-p", "-a"}:
        options[words[0]] = words[1]
        words = words[2:]
    action = options.get("-a", "")
    fewest, most = WORDS.get(action, (1, 0))
    if not fewest <= len(words) <= most:
        return None
    return Call("update", action, words, admin=options.get("-o", ""), password=options.get("-p", ""))
