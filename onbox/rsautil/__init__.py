"""The dialogue with rsautil, and the proof in its output."""
