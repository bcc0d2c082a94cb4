"""A preview of a task's rows: how many can be used, the balance of answers, and a few examples."""

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
    """The preview as JSON values; ``none`` holds the error if there are no rows.

    At most LOOKED rows of each split are read, in the order of a test set. Bad rows are counted, however many
    there are: only a run stops at too many.
    """
    preview: dict[str, Any] = {"splits": {}, "examples": []}
    for split in ("train", "test"):
        if task.source.has(split):
            try:
                values, examples = _preview(task, split, mirror)
            except UserError as error:
                return {"none": str(error)}
            preview["splits"][split] = values
            preview["examples"] = preview["examples"] or [_example(e) for e in examples[:SHOWN]]
    return preview


def _preview(task: Task, split: str, mirror: Path | None) -> tuple[dict[str, Any], list[Example]]:
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
    """Share of each class, or of the most frequent positions of the answer among the options."""
    if not examples:
        return {}
    counts = Counter(e.gold for e in examples)
    if task.card.classes:
        return {name: round(counts[i] / len(examples), 3) for i, name in enumerate(task.card.classes)}
    places = sorted(place for place, _ in counts.most_common(PLACES))
    return {f"option {place + 1}": round(counts[place] / len(examples), 3) for place in places}


def _example(example: Example) -> dict[str, Any]:
    """An example as JSON values, with long texts cut."""
    return {
        "prompt": _cut(example.prompt),
        "options": [_cut(option) for option in example.options],
        "answer": _cut(example.options[example.gold]),
        "group": _cut(example.group),
        "tags": dict(example.tags),
    }


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[: TEXT // 2]} … {text[-TEXT // 2 :]}"
