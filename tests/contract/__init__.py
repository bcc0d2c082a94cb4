"""Checks that every registered task, method and model must pass; ships for plug-in authors."""
