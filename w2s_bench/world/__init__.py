"""A generated English-like world: concepts that text uses all the time and hardly ever names.

One seed fixes the word frequencies; everything else is drawn by seeded generators. Concepts give
labelled texts for tasks, documents use them (a reaction follows what was said), and the two never
share a text: a corpus is drawn around the tasks' items.
"""

from pathlib import Path

CODE = Path(__file__).parent
"""This package's folder: what a generated task is made by, and part of its fingerprint."""
