"""Bundles: a method's results on a suite packed into one file, and their verification."""
