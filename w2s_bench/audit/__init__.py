"""Audits of tasks: copies, leaks, balance, shortcuts, truncation, personal data, with thresholds."""
