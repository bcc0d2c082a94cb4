"""Tasks that classify one text, and group keys that ignore case and punctuation or keep the beginning."""

from __future__ import annotations

import re
from collections.abc import Callable

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard

SENTIMENT = ("negative", "positive")  # shared, so that a model finetuned on one task answers the others


def text_task(
    card: TaskCard, source: HubSource, question: str, text: Callable[[Row], str] = lambda row: row["text"]
) -> Task:
    """A task on texts, grouped by their words, with the index of their class in column ``label``."""
    return Task(
        card=card,
        source=source,
        example=lambda row: Example(
            prompt=text(row).strip(), options=card.classes, gold=row["label"], group=normalised(text(row))
        ),
        group=lambda row: normalised(text(row)),
        ask=Ask(question, card.classes),
    )


def normalised(text: str) -> str:
    """The words in lower case, one space between; the text itself if it has no words."""
    return " ".join(_words(text)) or text.strip()


def first_words(text: str, count: int) -> str:
    """The first words, in lower case: alike scenarios begin alike. Errors: ValueError without any."""
    words = _words(text)
    if not words:
        raise ValueError("no words in the text")
    return " ".join(words[:count])


def same_words(text: str) -> str:
    """The words in alphabetical order: equal for sentences that differ in the order of words only."""
    return " ".join(sorted(_words(text))) or text.strip()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
