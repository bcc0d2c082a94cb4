"""Reward-modelling tasks: which of two completions is better; every file defines ``TASK``."""
