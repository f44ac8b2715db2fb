# {{ header }}
"""Prints the layers of the network."""

from . import main

main()
