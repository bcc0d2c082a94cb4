"""Checks that every registered task, method and model must pass; ships with the package for plug-in authors."""
