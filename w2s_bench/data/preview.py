"""A look at the rows of a task: how many can be used, how the answers are spread, and a few examples."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from w2s_bench.data.grouped_rows import GroupedRows
from w2s_bench.errors import UserError
from w2s_bench.task import Example, Task

LOOKED = 2000  # rows of each split that are built
SHOWN = 3  # examples
PLACES = 8  # of the answer among options, where items have options of their own
TEXT = 600  # characters of a text that is shown


def sample(task: Task, mirror: Path | None) -> dict[str, Any]:
    """Facts of the rows as JSON values; ``none`` says in one line why there are no rows to look at.

    Rows are taken in the order in which a test set takes them, at most LOOKED of each split. Rows that cannot
    be used are counted, however many there are: only a run stops over them.
    """
    found: dict[str, Any] = {"splits": {}, "examples": []}
    for split in ("train", "test"):
        if task.source.has(split):
            try:
                values, examples = _look(task, split, mirror)
            except UserError as error:
                return {"none": str(error)}
            found["splits"][split] = values
            found["examples"] = found["examples"] or [_shown(task, e) for e in examples[:SHOWN]]
    return found


def _look(task: Task, split: str, mirror: Path | None) -> tuple[dict[str, Any], list[Example]]:
    pool = GroupedRows(task, split, mirror)
    examples = pool.fill(pool.groups("test"), LOOKED, set())
    left_out = asdict(pool.census.excluded)
    values = {
        "rows": left_out.pop("read"),
        "kept": len(pool),
        "built": left_out.pop("built"),
        "left out": [f"{r['reason']}: {r['rows']:,}, the first is row {r['first']} {r['example']}"
                     for r in left_out["reasons"]],
        "share that cannot be used": round(pool.census.excluded.share, 4),
        "balance": balance(task, examples),
    }  # fmt: skip
    return values, examples


def balance(task: Task, examples: list[Example]) -> dict[str, float]:
    """Share of each class, or of the places among the options at which the answer stands most often."""
    if not examples:
        return {}
    counts = Counter(e.gold for e in examples)
    if task.card.classes:
        return {name: round(counts[i] / len(examples), 3) for i, name in enumerate(task.card.classes)}
    found = sorted(place for place, _ in counts.most_common(PLACES))
    return {f"option {place + 1}": round(counts[place] / len(examples), 3) for place in found}


def _shown(task: Task, example: Example) -> dict[str, Any]:
    """An example as a person reads it."""
    return {
        "prompt": _cut(example.prompt),
        "options": [_cut(option) for option in example.options],
        "answer": _cut(example.options[example.gold]),
        "group": _cut(example.group),
        "tags": dict(example.tags),
    }


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[: TEXT // 2]} … {text[-TEXT // 2 :]}"
