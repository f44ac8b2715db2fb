# {{ header }}
"""Prints the layers of {{ name }}: `python -m {{ name }}`."""

from . import main

main()
