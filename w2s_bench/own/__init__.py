"""A user's own task: a data file and a dozen lines of TOML."""
