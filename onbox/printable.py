"""Untrusted text, made safe for a terminal."""


def harmless(text: str) -> str:
    """Show TEXT so that no terminal acts on it: what is not printable becomes an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )
