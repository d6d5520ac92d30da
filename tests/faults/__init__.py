"""The table of faults; each is a run of real processes."""
