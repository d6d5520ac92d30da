"""Tests of the RPM, run by scripts/test-rpm."""
