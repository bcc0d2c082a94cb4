"""Toy tasks; every file defines ``TASK``."""
