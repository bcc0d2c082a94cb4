"""What a row tells beside its PGR: leads over rivals, and what the student made of its teacher's labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from w2s_bench import stats
from w2s_bench.pgr.cells import Cell, Key, pooled
from w2s_bench.pgr.tie_groups import NAIVE

ZERO_SHOT = "zero-shot"  # like naive, a row that others are compared with
Rivals = Mapping[tuple[Key, str], Cell]


def needs_no_teacher(cell: Cell, rivals: Rivals) -> bool | None:
    """Whether the untrained student is as good as naive; None where it is not known."""
    naive, untrained = rivals.get((cell.where, NAIVE)), rivals.get((cell.where, ZERO_SHOT))
    return None if naive is None or untrained is None else untrained.points[1] >= naive.points[1]


def leads(group: list[Cell], rivals: Rivals) -> dict[str, Any]:
    """Over naive and over the untrained student; and how often a seed beats one of naive's, and what lead
    over naive the cells could show at all."""
    found: dict[str, Any] = {}
    for name in (NAIVE, ZERO_SHOT):
        pairs = [(c, rivals[c.where, name]) for c in group if (c.where, name) in rivals]
        if pairs and group[0].method != name:
            contrast = pooled((c.task, c.over(rival) / len(pairs)) for c, rival in pairs)
            found |= _lead(name, contrast) | (_improvement(pairs, contrast) if name == NAIVE else {})
    return found


def _lead(name: str, contrast: stats.Contrast) -> dict[str, Any]:
    """Mean over cells of the student's accuracy minus a rival's, on the same seeds and items."""
    interval = stats.mean_interval(contrast)
    key = "over_" + name.replace("-", "_")
    value = sum(float(table.mean()) for table in contrast)
    return {key: value, f"{key}_low": interval.low, f"{key}_high": interval.high}


def label_facts(cells: list[Cell]) -> dict[str, Any]:
    """What the students made of their teachers' labels, and how sure they are: means over cells, of those
    that know."""
    found = [_labels_of(cell) for cell in cells]
    means = {name: [v for f in found if (v := f[name]) is not None] for name in found[0]}
    return {name: float(np.mean(values)) if values else None for name, values in means.items()}


def _labels_of(cell: Cell) -> dict[str, float | None]:
    told = cell.agreement
    answers = (
        (None,) * 5
        if told is None
        else (told.everywhere, told.teacher_right, told.teacher_wrong, told.corrected, told.new_errors)
    )
    names = ("agreement", "agreement_right", "errors_copied", "corrected", "new_errors")
    sure = {name: cell.metrics.get(name) for name in ("brier_score", "calibration_error")}
    return dict(zip(names, answers, strict=True)) | {"similarity": cell.similarity} | sure


def _improvement(pairs: list[tuple[Cell, Cell]], contrast: stats.Contrast) -> dict[str, Any]:
    often = [
        stats.probability_of_improvement(*(one.student_correct.mean(1)[None] for one in pair))
        for pair in pairs
    ]
    return {
        "probability_of_improvement": float(np.mean(often)),
        "detectable": stats.minimum_detectable_difference(*stats.standard_error(contrast)),
    }
