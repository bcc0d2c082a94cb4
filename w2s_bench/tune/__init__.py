"""Equal chances: every method's options are searched within one budget, by weak labels only."""
