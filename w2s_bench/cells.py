"""Cells: three score records joined, which of them are admitted, and their paired resamples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

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
    agrees: NDArray[np.bool_] | None = None  # [S, N]: the student picks what its teacher picks
    reference: bool = False
    chance: float = 0.5
    uses_gold: bool = False

    @property
    def where(self) -> Key:
        """Task, teacher and student: what methods are compared on."""
        return (self.task, self.teacher, self.student)

    @property
    def points(self) -> tuple[float, float, float]:
        """Accuracy of teacher, student and ceiling over seeds and items."""
        arrays = (self.teacher_correct, self.student_correct, self.ceiling_correct)
        teacher, student, ceiling = (float(a.mean()) for a in arrays)
        return teacher, student, ceiling

    @property
    def agreement(self) -> tuple[float | None, float | None]:
        """Share of test items on which the student picks its teacher's option: of all, and of those that the
        teacher has wrong (errors copied); None where it is not known, or where the teacher is never wrong."""
        if self.agrees is None:
            return None, None
        wrong = self.agrees[self.teacher_correct == 0]
        return float(self.agrees.mean()), float(wrong.mean()) if wrong.size else None

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


@dataclass(frozen=True, slots=True)
class Draws:
    """Accuracies of a cell's teacher, student and ceiling in R paired resamples, each ``[R]``."""

    teacher: stats.Floats
    student: stats.Floats
    ceiling: stats.Floats


@dataclass(frozen=True, slots=True)
class Drawn:
    """A cell and its resampled accuracies."""

    cell: Cell
    draws: Draws

    @property
    def student(self) -> float:
        """The student's accuracy."""
        return self.cell.points[1]


def join(
    cells: Iterable[CellRecord],
    correct: Mapping[str, NDArray[np.uint8]],
    chance: Mapping[str, float] | None = None,
    picked: Mapping[str, NDArray[np.int16]] | None = None,
) -> list[Cell]:
    """Group cell records over seeds; ``correct`` gives each fit's per-item score ``[N]`` by key, ``picked``
    the options it picked (for the agreement of student and teacher), ``chance`` the accuracy of guessing by
    task (a half where it is not told)."""
    grouped: dict[Key, list[CellRecord]] = {}
    for c in cells:
        grouped.setdefault((c.domain, c.task, c.teacher, c.student, c.method), []).append(c)
    known = chance or {}
    return [
        _cell(sorted(group, key=lambda c: c.seed), correct, known.get(group[0].task, 0.5), picked)
        for group in grouped.values()
    ]


def _cell(
    group: list[CellRecord],
    correct: Mapping[str, NDArray[np.uint8]],
    chance: float,
    picked: Mapping[str, NDArray[np.int16]] | None,
) -> Cell:
    first = group[0]
    agrees = None
    if picked is not None:
        agrees = np.stack([picked[c.teacher_key] == picked[c.student_key] for c in group])
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
        reference=first.reference,
        uses_gold=first.uses_gold,
        chance=chance,
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
