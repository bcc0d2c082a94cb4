"""Stores of content-keyed artifacts, on this machine or remote, and their maintenance."""
