"""Examples as the page shows them: by cell and kind, chess positions as boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from w2s_bench.report.chess_svg import GOLD, STUDENT, TEACHER, Arrow, board_svg, spoken
from w2s_bench.results.examples import KINDS, Shown

TITLES = {
    "corrected": "The student corrected its teacher",
    "copied": "The student copied its teacher's error",
    "new": "The student made an error of its own",
}


def example_groups(examples: Sequence[Shown]) -> list[dict[str, Any]]:
    """Examples by cell, in the order of the file: the cell's place, marks to filter by, examples by kind."""
    cells: dict[tuple[str | None, ...], list[Shown]] = {}
    for s in examples:
        cells.setdefault((s.task, s.teacher_model, s.student_model, s.method), []).append(s)
    return [_group(k, place, group) for k, (place, group) in enumerate(cells.items())]


def _group(k: int, place: tuple[str | None, ...], examples: list[Shown]) -> dict[str, Any]:
    head = examples[0]
    kinds = []
    for kind in KINDS:
        if shown := [s for s in examples if s.kind == kind]:
            counts = {"count": shown[0].count, "n_test": shown[0].n_test}
            kinds.append({"title": TITLES[kind], **counts, "items": [_view(s) for s in shown]})
    names = {"task": head.task, "teacher": head.teacher_model, "student": head.student_model}
    return {
        "id": f"examples-{k}",
        "where": place,
        "task": head.task,
        "pair": f"{head.teacher_model} → {head.student_model}",
        "method": head.method,
        "kinds": kinds,
        "marks": {"domain": head.domain, **names, "method": head.method},
    }


def _view(s: Shown) -> dict[str, Any]:
    picks = {"gold": s.gold, "teacher": s.teacher, "student": s.student}
    texts = [spoken(s.position, o) for o in s.options] if s.position else s.options
    options = [
        {"text": text, "marks": [name for name, k in picks.items() if k == i]} for i, text in enumerate(texts)
    ]
    board = None
    if s.position:
        options = [o for o in options if o["marks"]]  # of many legal moves, only those that were picked
        colours = {s.student: STUDENT, s.teacher: TEACHER, s.gold: GOLD}  # gold's wins
        arrows = [Arrow(s.options[k], colour) for k, colour in colours.items()]
        named = ", ".join(f"{name} {texts[k]}" for name, k in picks.items())
        board = board_svg(s.position, arrows, f"Chess position; {named}")
    return {"board": board, "prompt": s.prompt, "options": options, "item": s.item, "seed": s.seed}
