"""Cells: three score records joined, which of them are admitted, and their tables of seeds by items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from w2s_bench import stats
from w2s_bench.records import CellRecord, Domain

Key = tuple[str, ...]
ROUNDING = 1e-9  # 0.82 − 0.80 is a little below 0.02 in floating point, and yet a gap of 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Admission by the gap and the teacher alone (fractions of accuracy).

    ``min_teacher`` is meant for two options; with more, the teacher must be as far from guessing.
    """

    min_gap: float
    min_teacher: float

    def floor(self, chance: float) -> float:
        """The teacher's least accuracy where guessing gives ``chance``: 0.60 of two options is a fifth of
        the way from guessing to certainty, and so 0.40 of four."""
        return (
            chance + (self.min_teacher - 0.5) / 0.5 * (1 - chance)
            if self.min_teacher > 0.5
            else self.min_teacher
        )


@dataclass(frozen=True, kw_only=True)
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
    agrees: NDArray[np.bool_] | None = None  # [S, N]: the student picks what its teacher picks
    similarity: float | None = None  # of student and teacher, adjusted for chance: mean over seeds
    metrics: Mapping[str, float] = field(default_factory=dict)  # of the student: means over seeds
    reference: bool = False
    chance: float = 0.5
    uses_gold: bool = False

    @property
    def where(self) -> Key:
        """Task, teacher and student: what methods are compared on."""
        return (self.task, self.teacher, self.student)

    @cached_property
    def points(self) -> tuple[float, float, float]:
        """Accuracy of teacher, student and ceiling over seeds and items."""
        arrays = (self.teacher_correct, self.student_correct, self.ceiling_correct)
        teacher, student, ceiling = map(stats.share, arrays)
        return teacher, student, ceiling

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
        """How the student's answers relate to its teacher's; None where it is not known what they picked."""
        if self.agrees is None:
            return None
        return stats.agreement(self.agrees, self.student_correct == 1, self.teacher_correct == 1)

    def refusal(self, rule: Rule) -> str | None:
        """Why the cell is not admitted, or None; the student's score has no say in it."""
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
    """Group cell records over seeds; ``correct`` gives each fit's per-item score ``[N]`` by key, ``picked``
    the options it picked (for the agreement of student and teacher), ``metrics`` what its record tells beside
    the accuracy, ``chance`` the accuracy of guessing by task (a half where it is not told)."""
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.domain, c.task, c.teacher, c.student, c.method), []).append(c)
    known = chance or {}
    return [
        _cell(
            sorted(group, key=lambda c: c.seed),
            correct,
            known.get(group[0].task, 0.5),
            picked,
            [(metrics or {}).get(c.student_key, {}) for c in group],
        )
        for group in grouped.values()
    ]


def _cell(
    group: list[CellRecord],
    correct: Mapping[str, NDArray[np.uint8]],
    chance: float,
    picked: Mapping[str, NDArray[np.int16]] | None,
    metrics: list[Mapping[str, float]],
) -> Cell:
    first = group[0]
    agrees, similarity = None, None
    if picked is not None:
        pairs = [(picked[c.teacher_key], picked[c.student_key]) for c in group]
        agrees = np.stack([teacher == student for teacher, student in pairs])
        similarity = float(np.mean([stats.chance_adjusted_similarity(*pair) for pair in pairs]))
    told = set.intersection(*(set(m) for m in metrics))
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
        agrees=agrees,
        similarity=similarity,
        metrics={name: float(np.mean([m[name] for m in metrics])) for name in sorted(told)},
        reference=first.reference,
        uses_gold=first.uses_gold,
        chance=chance,
    )


def pooled(cells: Iterable[tuple[str, stats.Floats]]) -> list[stats.Floats]:
    """Tables ``[S, N]`` of cells, named by their tasks, added up within each task: one independent table a
    task, as a contrast wants them."""
    found: dict[str, stats.Floats] = {}
    for task, table in cells:
        found[task] = found[task] + table if task in found else table
    return list(found.values())
