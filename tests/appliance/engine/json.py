"""JSON without the standard json package, whose import takes longer than all the rest of a call."""

from __future__ import annotations

from _json import encode_basestring_ascii, make_scanner


class _Standard:
    """The options that the scanner asks its caller for: the defaults of ``json.loads``."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = None


def loads(text: str) -> object:
    """Return the value that *text*, one JSON value, stands for."""
    value: object = make_scanner(_Standard)(text.strip(), 0)[0]  # type: ignore[arg-type]
    return value


def dumps(value: object) -> str:
    """Return *value*, made of what JSON knows, as one line of ASCII."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dumps(str(key))}: {dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(dumps(item) for item in value) + "]"
    if isinstance(value, str):
        return str(encode_basestring_ascii(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)
