#!/usr/bin/env python3
"""Remove the modules that a list leaves out: trim LIST LIBRARY, where LIBRARY is .../lib/python3.13."""

import re
import sys
from fnmatch import fnmatch
from pathlib import Path


def module(path: Path, library: Path) -> str:
    """Return the name of the module that a file makes."""
    parts = [part for part in path.relative_to(library).parts if part not in ("site-packages", "__pycache__")]
    return re.sub(r"(\.__init__)?(\.cpython-\d+)?\.pyc?$", "", ".".join(parts))


def main(list_file: str, library_folder: str) -> None:
    """Remove the files of the modules that the list names.

    Raises:
        SystemExit: there is no module of a name in the list.

    """
    library = Path(library_folder)
    modules = {path: module(path, library) for path in library.rglob("*.py*")}
    names = re.sub("#.*", "", Path(list_file).read_text()).split()
    kept = {name[1:] for name in names if name[0] == "!"}
    for name in (name for name in names if name[0] != "!"):
        found = [path for path, each in modules.items() if fnmatch(each, name) or fnmatch(each, f"{name}.*")]
        if not found:
            sys.exit(f"{list_file}: there is no {name} to leave out")
        for path in found:
            if modules[path] not in kept:
                path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
