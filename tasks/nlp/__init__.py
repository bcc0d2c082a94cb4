"""NLP classification tasks; every file defines ``TASK``."""
