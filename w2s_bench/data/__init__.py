"""From rows to splits: grouping, drawing of parts, previews, and tasks from TOML files."""
