"""What tasks of sentiment share, so that a model finetuned on one answers the others."""

from __future__ import annotations

from w2s_bench.task import Ask, Example
from w2s_bench.tasks.nlp._text import normalised

CLASSES = ("negative", "positive")


def sentiment(text: str, label: int) -> Example:
    """A text and its class, 0 or 1; grouped by its words."""
    return Example(prompt=text.strip(), options=CLASSES, gold=label, group=normalised(text))


def ask(kind: str) -> Ask:
    """How a review or message is asked about."""
    return Ask(f"this {kind} is", CLASSES)
