"""A generated English-like world: concepts that its text uses all the time and hardly ever names.

One seed fixes the word frequencies; everything else is drawn by seeded generators. Concepts give labelled
texts for tasks; documents use the concepts in texts and reactions. No document holds a text of a task.
"""

from pathlib import Path

CODE = Path(__file__).parent
"""This package's folder: the code that makes generated tasks, part of their fingerprints."""
