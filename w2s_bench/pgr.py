"""PGR as a join of three score records: which cells there are, which are admitted, and the table's rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_bench import stats
from w2s_bench.records import CellRecord, Domain, Row

Key = tuple[str, ...]
ROUNDING = 1e-9  # 0.82 − 0.80 is a little below 0.02 in floating point, and yet a gap of 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Admission by the gap and the teacher alone (fractions of accuracy)."""

    min_gap: float
    min_teacher: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One (task, teacher, student, method) over seeds; ``correct`` arrays are ``[S, N]`` of 0/1."""

    domain: Domain
    task: str
    teacher: str
    student: str
    method: str
    seeds: tuple[int, ...]
    teacher_correct: NDArray[np.uint8]
    student_correct: NDArray[np.uint8]
    ceiling_correct: NDArray[np.uint8]

    @property
    def points(self) -> tuple[float, float, float]:
        """Accuracy of teacher, student and ceiling over seeds and items."""
        arrays = (self.teacher_correct, self.student_correct, self.ceiling_correct)
        teacher, student, ceiling = (float(a.mean()) for a in arrays)
        return teacher, student, ceiling

    def refusal(self, rule: Rule) -> str | None:
        """Why the cell is not admitted, or None; the student's score has no say in it."""
        teacher, _, ceiling = self.points
        gap = ceiling - teacher
        if gap <= 0:
            return f"gap {100 * gap:+.1f} is not positive"
        if gap < rule.min_gap - ROUNDING:
            return f"gap {100 * gap:.1f} below {100 * rule.min_gap:.1f}"
        if teacher < rule.min_teacher:
            return f"teacher {100 * teacher:.1f} below {100 * rule.min_teacher:.1f}"
        return None


@dataclass(frozen=True, slots=True)
class Draws:
    """Accuracies of a cell's teacher, student and ceiling in R paired resamples, each ``[R]``."""

    teacher: stats.Floats
    student: stats.Floats
    ceiling: stats.Floats


def join(cells: Iterable[CellRecord], correct: Mapping[str, NDArray[np.uint8]]) -> list[Cell]:
    """Group cell records over seeds; ``correct`` gives each fit's per-item score ``[N]`` by key."""
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.domain, c.task, c.teacher, c.student, c.method), []).append(c)
    return [_cell(sorted(group, key=lambda c: c.seed), correct) for group in grouped.values()]


def _cell(group: list[CellRecord], correct: Mapping[str, NDArray[np.uint8]]) -> Cell:
    first = group[0]
    return Cell(
        domain=first.domain,
        task=first.task,
        teacher=first.teacher,
        student=first.student,
        method=first.method,
        seeds=tuple(c.seed for c in group),
        teacher_correct=np.stack([correct[c.teacher_key] for c in group]),
        student_correct=np.stack([correct[c.student_key] for c in group]),
        ceiling_correct=np.stack([correct[c.ceiling_key] for c in group]),
    )


def draw(cell: Cell, resamples: int = stats.RESAMPLES) -> Draws:
    """Hierarchical paired bootstrap of one cell: seeds, and test items with the same ids for all three.

    All cells of a task see the same resampled seeds and items: methods are paired with each other too.
    """
    seeds, items = _weights(cell.task, *cell.teacher_correct.shape, resamples)
    arrays = (cell.teacher_correct, cell.student_correct, cell.ceiling_correct)
    return Draws(*(stats.accuracy_draws(a, seeds, items) for a in arrays))


@lru_cache(maxsize=4)
def _weights(task: str, seeds: int, items: int, resamples: int) -> tuple[NDArray, NDArray]:
    """Bootstrap weights of seeds ``[R, S]`` and items ``[R, N]``, drawn from the task's name."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(task.encode()).digest()[:8]))
    drawn = stats.resample_weights(items, resamples, rng)
    return stats.resample_weights(seeds, resamples, rng), drawn


def rows(cells: list[Cell], rule: Rule, suite: str) -> list[Row]:
    """Table rows: every cell, then one pooled row for each domain and method."""
    drawn = [(cell, draw(cell)) for cell in cells]
    table = [_cell_row(cell, draws, rule, suite) for cell, draws in drawn]
    pools: dict[Key, list[tuple[Cell, Draws]]] = {}
    for cell, draws in drawn:
        pools.setdefault((cell.domain, cell.method), []).append((cell, draws))
    return table + [_pooled_row(pool, rule, suite) for pool in pools.values()]


def _cell_row(cell: Cell, draws: Draws, rule: Rule, suite: str) -> Row:
    teacher, student, ceiling = cell.points
    refusal = cell.refusal(rule)
    value = stats.pgr(teacher, student, ceiling)
    interval = stats.UNBOUNDED
    if value is not None:
        interval = stats.cell_interval(draws.teacher, draws.student, draws.ceiling, cell.points)
    gain = stats.percentile_interval(draws.student - draws.teacher)
    reason = refusal
    if reason is None and not interval.bounded:
        reason = "unbounded: the gap is not separated from 0"
    return Row(
        suite=suite,
        domain=cell.domain,
        task=cell.task,
        teacher=cell.teacher,
        student=cell.student,
        method=cell.method,
        seeds=len(cell.seeds),
        n_test=cell.teacher_correct.shape[1],
        teacher_accuracy=teacher,
        student_accuracy=student,
        ceiling_accuracy=ceiling,
        pgr=value,
        pgr_low=interval.low,
        pgr_high=interval.high,
        pgr_median=value,
        admitted=refusal is None,
        cells_left_out=int(refusal is not None),
        reason=reason,
        gain=student - teacher,
        gain_low=gain.low,
        gain_high=gain.high,
    )


def _pooled_row(pool: list[tuple[Cell, Draws]], rule: Rule, suite: str) -> Row:
    """Σ(student − teacher) / Σ(ceiling − teacher) over the admitted cells of one domain and method."""
    admitted = [(cell, draws) for cell, draws in pool if cell.refusal(rule) is None]
    head = pool[0][0]
    common: dict[str, Any] = {
        "suite": suite,
        "domain": head.domain,
        "task": None,
        "teacher": None,
        "student": None,
        "method": head.method,
        "seeds": max(len(cell.seeds) for cell, _ in pool),
        "cells": len(admitted),
        "cells_left_out": len(pool) - len(admitted),
    }
    if not admitted:
        return Row(**common, admitted=False, reason=f"none of {len(pool)} cells is admitted")
    points = np.array([cell.points for cell, _ in admitted])
    teacher, student, ceiling = (
        sum(getattr(d, name) for _, d in admitted) for name in ("teacher", "student", "ceiling")
    )
    interval = stats.ratio_interval(student - teacher, ceiling - teacher)
    gain = stats.percentile_interval((student - teacher) / len(admitted))
    means = points.mean(axis=0).tolist()
    return Row(
        **common,
        teacher_accuracy=means[0],
        student_accuracy=means[1],
        ceiling_accuracy=means[2],
        gain=means[1] - means[0],
        gain_low=gain.low,
        gain_high=gain.high,
        pgr=stats.pooled_pgr(*points.T),
        pgr_low=interval.low,
        pgr_high=interval.high,
        pgr_median=float(np.median([stats.pgr(*p) for p in points.tolist()])),
        admitted=True,
        n_test=sum({cell.task: cell.teacher_correct.shape[1] for cell, _ in admitted}.values()),
        reason=None if interval.bounded else "unbounded: the gap is not separated from 0",
    )
