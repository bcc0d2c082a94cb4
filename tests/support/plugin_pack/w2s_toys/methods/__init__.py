"""Toy methods; every file defines ``METHOD``."""
