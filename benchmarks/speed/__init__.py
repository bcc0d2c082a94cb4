"""Speed, measured: each module is a command, and ``python -m benchmarks.speed`` runs them all."""
