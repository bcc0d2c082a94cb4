"""What a method is handed: its inputs and a handle on the student. No gold label can be reached from them.

Shapes: N transfer items, V validation items, n items with a gold label that the method may see (its
declared budget), M = N, or N + n where there is a budget; O options of the widest item, K teachers,
H width of a hidden state, B items of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from w2s_bench.errors import FitFailed
from w2s_bench.records import Domain

WEAK, TEACHERS, STATES, PRIOR = "weak", "teachers", "states", "prior"
LADDER, UNLABELED, RELABEL, VALIDATION = "ladder", "unlabeled", "relabel", "validation"
TAGS, TEXTS, GOLD_BUDGET = "tags", "texts", "gold-budget"
KNOWN_INPUTS = {
    WEAK: "the teacher's probability for each option of each transfer item",
    TEACHERS: "the same from several teachers: other seeds, specialists, or other sizes",
    STATES: "hidden states of the pretrained student, computed once and kept",
    PRIOR: "the pretrained student's own answer before any finetuning (zero-shot)",
    LADDER: "a chain of intermediate students between teacher and student, labels handed upwards",
    UNLABELED: "the inputs of both halves without labels, for a stage before every fit: the teacher's and "
    "the ceiling's too",
    RELABEL: "the student's own predictions, between epochs and between rounds, for new targets",
    VALIDATION: "weak labels of items that are not trained on, to select by; where the suite draws no such "
    "part, a tenth of the transfer half",
    TAGS: "difficulty and group tags of each item; the length of its content is always among them",
    TEXTS: "the texts of each item's options: classes, moves, completions",
    GOLD_BUDGET: "a stated small number of gold labels of the teacher half; tables say that gold was used",
}
Tags = Mapping[str, Sequence[str | float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """Labels ``[n, O]`` and mask ``[n, O]`` of a part; ``items [n]`` are their rows in the training pool,
    empty for a part that is not trained on."""

    labels: Tensor
    mask: Tensor
    items: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))


def declared(given: Mapping[str, Any], name: str) -> Any:
    """An input that was asked for. Errors: FitFailed for one that the method did not declare."""
    if name in given:
        return given[name]
    raise FitFailed(
        f"reads {name!r} without declaring it",
        expected=f"inputs = frozenset({{..., {name!r}}}) in the class",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What a method learns from; whatever it did not declare is refused by name.

    ``weak [N, O]`` are probabilities, 0 where ``mask [N, O]`` is false. ``options`` is how many options
    every item of the task has (classes; 2 for pairs) and None where items differ (legal moves). ``seed`` is
    for whatever the method draws at random: see :meth:`generator`.
    """

    weak: Tensor
    mask: Tensor
    domain: Domain
    options: int | None
    seed: int
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def teachers(self) -> Tensor:
        """:data:`TEACHERS`: ``[K, N, O]``. Which teachers, says :attr:`Method.teachers_kind` or the suite."""
        return declared(self.given, TEACHERS)

    @property
    def states(self) -> Tensor:
        """:data:`STATES` of the transfer items: ``[N, H]`` (nlp) or one an option ``[N, O, H]``."""
        return declared(self.given, STATES)

    @property
    def prior(self) -> Tensor:
        """:data:`PRIOR` of the transfer items, probabilities ``[N, O]``."""
        return declared(self.given, PRIOR)

    @property
    def validation(self) -> Labelled:
        """:data:`VALIDATION`: weak labels ``[V, O]``; ``student.predict("validation")`` has the same rows."""
        return declared(self.given, VALIDATION)

    @property
    def tags(self) -> Tags:
        """:data:`TAGS` by name, N values each; ``length`` (characters, options included) is always there."""
        return declared(self.given, TAGS)

    @property
    def texts(self) -> Sequence[tuple[str, ...]]:
        """:data:`TEXTS`: N tuples."""
        return declared(self.given, TEXTS)

    @property
    def budget(self) -> Labelled:
        """:data:`GOLD_BUDGET`: one-hot gold of n items; their rows in the training pool are N … N + n − 1."""
        return declared(self.given, GOLD_BUDGET)

    def generator(self) -> torch.Generator:
        """A fresh random generator that follows from the seed."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Items as a :data:`Predictor` sees them: ``mask [n, O]`` and, where declared, states, prior, texts."""

    mask: Tensor
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def states(self) -> Tensor:
        """``[n, H]`` or ``[n, O, H]``."""
        return declared(self.given, STATES)

    @property
    def prior(self) -> Tensor:
        """``[n, O]``."""
        return declared(self.given, PRIOR)

    @property
    def texts(self) -> Sequence[tuple[str, ...]]:
        """n tuples."""
        return declared(self.given, TEXTS)


Predictor = Callable[[View], Tensor]
"""Probabilities ``[n, O]`` of the items of a view, 0 where there is no option: a probe instead of a model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a hook changes for the rest of a fit: new targets ``[M, O]``, weights ``[M]``, or its end."""

    targets: Tensor | None = None
    weights: Tensor | None = None
    stop: bool = False


Hook = Callable[[int], Change | Tensor | None]
"""Called with 0, 1, 2, … at the ends of epochs (or of parts of them); a tensor stands for new targets."""

Loss = Callable[..., Tensor]


class Student(Protocol):
    """The handle on the student. It gives items no face and gold no way in; all tensors are on the CPU."""

    def fit(
        self,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        items: Tensor | Sequence[int] | None = None,
        loss: Loss | None = None,
        epochs: int | None = None,
        fresh: bool = True,
        head_only: bool = False,
        on_epoch: Hook | None = None,
        per_epoch: int = 1,
    ) -> None:
        """Train on ``targets [M, O]`` (each row a distribution over the item's options).

        ``weights [M]`` reach the loss as ``context.weights``; ``items`` are the rows to train on, if not all;
        ``loss`` stands in for the method's own; ``epochs`` for the suite's. ``fresh``: from the pretrained
        weights, or else from where the student stands. ``head_only``: the body stays as it is. ``on_epoch``
        (needs :data:`RELABEL` or :data:`VALIDATION`) is called ``per_epoch`` times an epoch.
        """

    def predict(self, part: str = "transfer") -> Tensor:
        """The student's probabilities as it stands: of ``transfer [N, O]``, ``validation [V, O]`` or
        ``budget [n, O]``. Needs :data:`RELABEL`, :data:`VALIDATION` or :data:`GOLD_BUDGET`."""

    def states(self, part: str = "transfer") -> Tensor:
        """Hidden states of the pretrained student ``[n, H]`` or ``[n, O, H]``. Needs :data:`STATES`."""

    def prior(self, part: str = "transfer") -> Tensor:
        """Zero-shot probabilities ``[n, O]``. Needs :data:`PRIOR`."""

    def use_probe(self, predictor: Predictor) -> None:
        """From now on ``predictor`` answers in the student's place, on the test set too."""

    def snapshot(self) -> object:
        """The student as it stands, to be restored later: one copy of its weights."""

    def restore(self, snapshot: object) -> None:
        """Be again what a snapshot was."""

    def twin(self) -> Student:
        """A second student of the same kind from another seed, trained apart; it never answers the test."""
