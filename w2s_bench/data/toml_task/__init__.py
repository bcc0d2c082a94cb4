"""Tasks that a TOML file describes, on a user's table of rows."""
