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
    """A group for each cell, in the order of the file: its place, marks to filter by, examples by kind."""
    cells: dict[tuple[str | None, ...], list[Shown]] = {}
    for s in examples:
        cells.setdefault((s.task, s.teacher_model, s.student_model, s.method), []).append(s)
    return [_group(k, place, found) for k, (place, found) in enumerate(cells.items())]


def _group(k: int, place: tuple[str | None, ...], found: list[Shown]) -> dict[str, Any]:
    head = found[0]
    kinds = []
    for kind in KINDS:
        if shown := [s for s in found if s.kind == kind]:
            told = {"title": TITLES[kind], "count": shown[0].count, "n_test": shown[0].n_test}
            kinds.append(told | {"items": [_view(s) for s in shown]})
    return {
        "id": f"examples-{k}",
        "where": place,
        "task": head.task,
        "pair": f"{head.teacher_model} → {head.student_model}",
        "method": head.method,
        "kinds": kinds,
        "marks": {
            "domain": head.domain,
            "task": head.task,
            "teacher": head.teacher_model,
            "student": head.student_model,
            "method": head.method,
        },
    }


def _view(s: Shown) -> dict[str, Any]:
    picks = {"gold": s.gold, "teacher": s.teacher, "student": s.student}
    texts = [spoken(s.position, o) for o in s.options] if s.position else s.options
    options = [
        {"text": text, "marks": [name for name, k in picks.items() if k == i]} for i, text in enumerate(texts)
    ]
    if s.position:  # of many legal moves, those that somebody picked
        options = [o for o in options if o["marks"]]
    board = board_svg(s.position, _arrows(s), _title(s, texts)) if s.position else None
    return {
        "board": board,
        "prompt": s.prompt,
        "options": options,
        "item": s.item,
        "seed": s.seed,
    }


def _arrows(s: Shown) -> list[Arrow]:
    """One for each move: the right one in the colour of gold, a wrong one of who made it first."""
    colours = {s.student: STUDENT, s.teacher: TEACHER, s.gold: GOLD}
    return [Arrow(s.options[k], colour) for k, colour in colours.items()]


def _title(s: Shown, texts: list[str]) -> str:
    return f"Chess position; gold {texts[s.gold]}, teacher {texts[s.teacher]}, student {texts[s.student]}"
