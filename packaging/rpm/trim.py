#!/usr/bin/env python3
"""Remove the modules that the list leaves out: trim LIST LIBRARY, where LIBRARY is .../lib/python3.13."""

import shutil
import sys
from pathlib import Path


def names(text: str) -> tuple[list[str], set[str]]:
    """Give the modules the list leaves out, and those that stay all the same."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if line[0] != "!"], {line[1:] for line in lines if line[0] == "!"}


def module(path: Path, root: Path) -> str:
    """Give the name of the module that a file or folder makes."""
    parts = [part for part in path.relative_to(root).parts if part != "__pycache__"]
    return ".".join(parts).split(".cpython-")[0].removesuffix(".py")


def places(name: str, library: Path) -> dict[Path, str]:
    """Give the files and folders that make a module, each with the module's name."""
    stem = name.rpartition(".")[2]
    found: dict[Path, str] = {}
    for root in (library, library / "site-packages"):
        folder = root.joinpath(*name.split(".")[:-1])
        for pattern in (stem, f"{stem}.py", f"__pycache__/{stem}.*.pyc"):
            found |= {path: module(path, root) for path in folder.glob(pattern) if path.name != "__pycache__"}
    return found


def main(list_file: str, library_folder: str) -> None:
    """Remove what the list names; a name that stands for nothing is a mistake in the list."""
    library = Path(library_folder)
    left_out, kept = names(Path(list_file).read_text())
    for name in left_out:
        found = places(name, library)
        if not found:
            sys.exit(f"{list_file}: there is no {name} to leave out")
        package = name.removesuffix("*") + "__init__"
        for path in (path for path, found_name in found.items() if found_name not in {*kept, package}):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
