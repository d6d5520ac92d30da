"""Hand inputs to one rule until the time is up: fuzz.py RULE FOLDER [OPTIONS of libFuzzer]."""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]  # only scripts/fuzz installs it

with atheris.instrument_imports(include=["onbox"]):
    from rules_for_any_input import RULES, SEEDS

rule, folder, *options = sys.argv[1:]
for number, seed in enumerate(SEEDS[rule]):
    Path(folder, str(number)).write_bytes(seed)
atheris.Setup([sys.argv[0], folder, *options], RULES[rule])
atheris.Fuzz()
