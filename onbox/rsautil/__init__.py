"""What is said to rsautil, and what its answers prove."""
