"""Secondary columns of a PGR row: leads over rivals, agreement with the teacher, metrics of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from w2s_bench import stats
from w2s_bench.metrics import all_metrics
from w2s_bench.pgr.cells import Cell, Key, pooled
from w2s_bench.pgr.tie_groups import NAIVE
from w2s_bench.records import TableRow

ZERO_SHOT = "zero-shot"  # the untrained student; like naive a baseline of comparisons
Rivals = Mapping[tuple[Key, str], Cell]
_ROW_FIELDS = {f.name for f in fields(TableRow)}


def needs_no_teacher(cell: Cell, rivals: Rivals) -> bool | None:
    """Whether the untrained student is as good as naive; None where one of the two is missing."""
    naive, untrained = rivals.get((cell.where, NAIVE)), rivals.get((cell.where, ZERO_SHOT))
    return None if naive is None or untrained is None else untrained.points[1] >= naive.points[1]


def leads(group: list[Cell], rivals: Rivals) -> dict[str, Any]:
    """Leads over naive and over the untrained student (zero-shot), with their intervals.

    Against naive also the probability of improvement by seed, and the least detectable lead.
    """
    columns: dict[str, Any] = {}
    for name in (NAIVE, ZERO_SHOT):
        pairs = [(c, rivals[c.where, name]) for c in group if (c.where, name) in rivals]
        if pairs and group[0].method != name:
            contrast = pooled((c.task, c.over(rival)) for c, rival in pairs)
            columns |= _lead(name, contrast) | (_improvement(pairs, contrast) if name == NAIVE else {})
    return columns


def _lead(name: str, contrast: stats.Contrast) -> dict[str, Any]:
    """Mean over cells of the student's accuracy minus a rival's, on the same seeds and items."""
    interval = stats.mean_interval(contrast)
    key = "over_" + name.replace("-", "_")
    return {key: contrast.value, f"{key}_low": interval.low, f"{key}_high": interval.high}


def answer_stats(cells: list[Cell]) -> dict[str, Any]:
    """Agreement with the teacher and the metrics of the answers, each a mean over the cells that have it."""
    answers = [_answers_of(cell) for cell in cells]
    names = dict.fromkeys(name for values in answers for name in values)
    means = {name: _mean(values.get(name) for values in answers) for name in names}
    own = {name: mean for name, mean in means.items() if name not in _ROW_FIELDS and mean is not None}
    return {name: mean for name, mean in means.items() if name in _ROW_FIELDS} | {"metrics": own}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _answers_of(cell: Cell) -> dict[str, float | None]:
    values: dict[str, float | None] = {m.name: cell.metrics.get(m.name) for m in all_metrics() if m.tables}
    values["similarity"] = cell.similarity
    if (shares := cell.agreement) is None:
        return values
    errors = {"corrected": shares.corrected, "new_errors": shares.new_errors}
    copied = {"agreement_right": shares.teacher_right, "errors_copied": shares.teacher_wrong}
    return values | {"agreement": shares.everywhere} | copied | errors


def _improvement(pairs: list[tuple[Cell, Cell]], contrast: stats.Contrast) -> dict[str, Any]:
    shares = [
        stats.probability_of_improvement(*(one.student_correct.mean(1)[None] for one in pair))
        for pair in pairs
    ]
    return {
        "probability_of_improvement": float(np.mean(shares)),
        "detectable": stats.minimum_detectable_difference(*stats.standard_error(contrast)),
    }
