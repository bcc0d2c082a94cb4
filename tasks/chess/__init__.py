"""Chess tasks: find the best move; every file defines ``TASK``."""
