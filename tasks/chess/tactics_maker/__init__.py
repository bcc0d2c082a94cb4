"""Makes the puzzles of chess/tactics-generated with Stockfish; run it as a module with ``python -m``."""
