# {{ header }}
"""Prints the layers of {{ name }}."""

from . import main

main()
