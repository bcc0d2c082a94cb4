"""Cells: joined scores of teacher, student and ceiling, and the rule that admits a cell.

Shapes: S seeds, N test items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2s_bench import stats
from w2s_bench.records import CellRecord, Domain
from w2s_bench.suite import Suite

Key = tuple[str, ...]
ROUNDING = 1e-9  # 0.82 − 0.80 is a little below 0.02 in floating point, but counts as a gap of 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Admission by the gap and the teacher's accuracy alone, in fractions.

    ``min_teacher`` holds for two options; with more, :meth:`floor` scales it to the accuracy of guessing.
    """

    min_gap: float
    min_teacher: float

    @classmethod
    def of(cls, suite: Suite) -> Rule:
        """The rule of a suite's admission section."""
        return cls(min_gap=suite.admission.min_gap, min_teacher=suite.admission.min_teacher)

    def floor(self, chance: float) -> float:
        """The teacher's least accuracy where guessing gives ``chance``.

        0.60 of two options is a fifth of the way from guessing to certainty, and so is 0.40 of four.
        """
        if self.min_teacher <= 0.5:
            return self.min_teacher
        return chance + (self.min_teacher - 0.5) / 0.5 * (1 - chance)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One task, teacher, student and method, over all seeds.

    ``*_correct`` are ``[S, N]`` of 0 and 1; ``agrees`` ``[S, N]``: the student picks what its teacher picks.
    ``similarity`` is Cohen's kappa of the two and ``metrics`` are the student's, both means over seeds.
    """

    domain: Domain
    task: str
    teacher: str
    student: str
    method: str
    seeds: tuple[int, ...]
    teacher_correct: NDArray[np.uint8]
    student_correct: NDArray[np.uint8]
    ceiling_correct: NDArray[np.uint8]
    agrees: NDArray[np.bool_] | None = None
    similarity: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reference: bool = False
    chance: float = 0.5
    uses_gold: bool = False

    @property
    def where(self) -> Key:
        """Task, teacher and student: methods are compared where these are equal."""
        return (self.task, self.teacher, self.student)

    @cached_property
    def points(self) -> tuple[float, float, float]:
        """Accuracy of teacher, student and ceiling over seeds and items."""
        share = stats.share
        return share(self.teacher_correct), share(self.student_correct), share(self.ceiling_correct)

    @property
    def gain(self) -> stats.Floats:
        """Student minus teacher, seed by seed and item by item ``[S, N]``: −1, 0 or 1."""
        return self.student_correct.astype(np.float64) - self.teacher_correct

    @property
    def gap(self) -> stats.Floats:
        """Ceiling minus teacher ``[S, N]``."""
        return self.ceiling_correct.astype(np.float64) - self.teacher_correct

    def over(self, rival: Cell) -> stats.Floats:
        """This student minus another cell's ``[S, N]``, on the same seeds and items."""
        return self.student_correct.astype(np.float64) - rival.student_correct

    @property
    def agreement(self) -> stats.Agreement | None:
        """Agreement of the student with its teacher; None where their picks are not known."""
        if self.agrees is None:
            return None
        return stats.agreement(self.agrees, self.student_correct == 1, self.teacher_correct == 1)

    def refusal(self, rule: Rule) -> str | None:
        """Why the cell is not admitted, or None; independent of the student's score."""
        teacher, _, ceiling = self.points
        gap = ceiling - teacher
        if gap <= 0:
            return f"gap {100 * gap:+.1f} is not positive"
        if gap < rule.min_gap - ROUNDING:
            return f"gap {100 * gap:.1f} below {100 * rule.min_gap:.1f}"
        if teacher < (floor := rule.floor(self.chance)):
            return f"teacher {100 * teacher:.1f} below {100 * floor:.1f}"
        return None


def join(
    cells: Iterable[CellRecord],
    correct: Mapping[str, NDArray[np.uint8]],
    chance: Mapping[str, float] | None = None,
    picked: Mapping[str, NDArray[np.int16]] | None = None,
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Cell]:
    """Group cell records over seeds.

    Three mappings are by the key of a fit: per-item scores ``correct [N]``, options ``picked [N]`` (without
    them agreement is unknown) and ``metrics``. ``chance`` is the accuracy of guessing by task, else 0.5.
    """
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.domain, c.task, c.teacher, c.student, c.method), []).append(c)
    chances = chance or {}
    return [
        _cell(group, correct, chances.get(group[0].task, 0.5), picked, metrics or {})
        for group in grouped.values()
    ]


def _cell(
    group: list[CellRecord],
    correct: Mapping[str, NDArray[np.uint8]],
    chance: float,
    picked: Mapping[str, NDArray[np.int16]] | None,
    metrics: Mapping[str, Mapping[str, float]],
) -> Cell:
    own = [metrics.get(c.student_key, {}) for c in group]
    group = sorted(group, key=lambda c: c.seed)
    first, keys = group[0], [(c.teacher_key, c.student_key, c.ceiling_key) for c in group]
    agrees, similarity = None, None
    if picked is not None:
        pairs = [(picked[k], picked[other]) for k, other, _ in keys]
        agrees = np.stack([one == other for one, other in pairs])
        similarity = float(np.mean([stats.chance_adjusted_similarity(*pair) for pair in pairs]))
    names = set.intersection(*map(set, own))
    teacher, student, ceiling = (np.stack([correct[k] for k in role]) for role in zip(*keys, strict=True))
    return Cell(
        domain=first.domain,
        task=first.task,
        teacher=first.teacher,
        student=first.student,
        method=first.method,
        seeds=tuple(c.seed for c in group),
        teacher_correct=teacher,
        student_correct=student,
        ceiling_correct=ceiling,
        agrees=agrees,
        similarity=similarity,
        metrics={name: float(np.mean([m[name] for m in own])) for name in sorted(names)},
        reference=first.reference,
        uses_gold=first.uses_gold,
        chance=chance,
    )


def pooled(cells: Iterable[tuple[str, stats.Floats]]) -> stats.Contrast:
    """The mean over cells of their tables ``[S, N]``, each with its task.

    Cells of one task share items and are added up, since a contrast takes one independent table a task.
    """
    tables: dict[str, list[stats.Floats]] = {}
    for task, table in cells:
        tables.setdefault(task, []).append(table)
    count = sum(map(len, tables.values()))
    return stats.Contrast(
        [np.sum(own, axis=0) / count for own in tables.values()],
        [len(own) / count for own in tables.values()],
    )
