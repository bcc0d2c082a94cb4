"""Is the sum of a few digits even?"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from w2s_bench.sources import GeneratedSource, Row
from w2s_bench.task import Example, Task, TaskCard

CARD = TaskCard(
    name="toys/even-sum",
    domain="nlp",
    version=1,
    title="Is the sum even?",
    source="generated",
    licence="MIT",
    citation="w2s-toys",
    language="digits",
    group="content",
    size="400 rows",
    classes=("odd", "even"),
)


def rows(size: int, seed: int) -> Iterator[Row]:
    """Rows of three to six digits."""
    rng = Random(seed)
    return ({"digits": rng.choices(range(10), k=rng.randint(3, 6)), "n": n} for n in range(size))


def example(row: Row) -> Example:
    """The digits in words, and the parity of their sum."""
    text = f"row {row['n']} : " + " + ".join(map(str, row["digits"]))
    return Example(
        prompt=text, options=CARD.classes, gold=int(sum(row["digits"]) % 2 == 0), group=str(row["n"])
    )


TASK = Task(
    card=CARD,
    source=GeneratedSource(generate=rows, size=400),
    example=example,
    group=lambda row: str(row["n"]),
)
