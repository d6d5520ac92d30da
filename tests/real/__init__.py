"""Whole runs of onbox against parts that this project did not write: scripts/test-real runs them."""
