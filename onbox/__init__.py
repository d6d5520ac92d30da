"""onbox: fully resynchronise High Availability Tokencodes, on record."""

__version__ = "1.0.0"
