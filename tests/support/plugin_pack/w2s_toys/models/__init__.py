"""Toy model families; every file defines ``FAMILY``."""
