"""The built-in model families, one file each; every file defines ``FAMILY``."""
