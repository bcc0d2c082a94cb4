"""The built-in methods, one file each; every file defines ``METHOD``."""
