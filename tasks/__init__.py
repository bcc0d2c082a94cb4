"""The built-in tasks: one pack a domain, one file a task."""
