"""Whatever goes wrong: one table of faults, each a run of real processes."""
