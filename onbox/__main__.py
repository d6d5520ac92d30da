"""Lets `python -m onbox` do what the command onbox does."""

from onbox.cli import main

main()
