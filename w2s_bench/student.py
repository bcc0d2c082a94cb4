"""The inputs of a method and its handle on the student. No gold label can be reached from them.

Shapes: N transfer items, V validation items, n items with a gold label that the method may see (its
declared budget), M = N, or N + n where there is a budget; O options of the widest item, K teachers,
H width of a hidden state, B items of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from w2s_bench.errors import FitFailed
from w2s_bench.records import Domain

WEAK, TEACHERS, STATES, PRIOR = "weak", "teachers", "states", "prior"
LADDER, UNLABELED, RELABEL, VALIDATION = "ladder", "unlabeled", "relabel", "validation"
TAGS, TEXTS, GOLD_BUDGET = "tags", "texts", "gold-budget"
BUDGET_TEACHERS = "budget-teachers"  # given to whoever declares both teachers and a gold budget
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
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """Labels ``[n, O]`` and mask ``[n, O]`` of a part; ``items [n]`` are their rows in the training pool,
    empty for a part that is not trained on."""

    labels: Tensor
    mask: Tensor
    items: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))


def declared(given: Mapping[str, Any], name: str) -> Any:
    """The input ``name``. Errors: FitFailed for one that the method did not declare."""
    if name in given:
        return given[name]
    raise FitFailed(
        f"reads {name!r} without declaring it", expected=f"inputs = frozenset({{..., {name!r}}}) in the class"
    )


class Declared(Generic[T]):
    """An attribute that reads one declared input from ``given``. Errors: those of :func:`declared`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> T:
        return self if owner is None else declared(owner.given, self.name)  # type: ignore[return-value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What a method learns from; whatever it did not declare is refused by name.

    ``weak [N, O]`` are probabilities, 0 where ``mask [N, O]`` is false. ``options`` is how many options
    every item of the task has (classes; 2 for pairs) and None where items differ (legal moves). ``seed`` is
    for whatever the method draws at random: see :meth:`generator`. Declared inputs:

    ``teachers [K, N, O]``: :attr:`Method.teachers_kind` or the suite decides which teachers.
    ``states``: of the transfer items, ``[N, H]`` (nlp) or one an option ``[N, O, H]``.
    ``prior [N, O]``: probabilities of the transfer items.
    ``validation``: weak labels ``[V, O]``; ``student.predict("validation")`` has the same rows.
    ``tags``: N values each, by name; ``length`` (characters, options included) is always there.
    ``texts``: N tuples. ``budget``: one-hot gold of n items, rows N … N + n − 1 of the training pool.
    ``budget_teachers [K, n, O]``: the teachers' answers there, where both are declared.
    """

    weak: Tensor
    mask: Tensor
    domain: Domain
    options: int | None
    seed: int
    given: Mapping[str, Any] = field(default_factory=dict)
    teachers = Declared[Tensor](TEACHERS)
    states = Declared[Tensor](STATES)
    prior = Declared[Tensor](PRIOR)
    validation = Declared[Labelled](VALIDATION)
    tags = Declared[Tags](TAGS)
    texts = Declared[Sequence[tuple[str, ...]]](TEXTS)
    budget = Declared[Labelled](GOLD_BUDGET)
    budget_teachers = Declared[Tensor](BUDGET_TEACHERS)

    def generator(self) -> torch.Generator:
        """A fresh random generator that follows from the seed."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Items as a :data:`Predictor` sees them: ``mask [n, O]`` and, where declared, ``states`` (``[n, H]`` or
    ``[n, O, H]``), ``prior [n, O]`` and ``texts`` (n tuples)."""

    mask: Tensor
    given: Mapping[str, Any] = field(default_factory=dict)
    states = Declared[Tensor](STATES)
    prior = Declared[Tensor](PRIOR)
    texts = Declared[Sequence[tuple[str, ...]]](TEXTS)


Predictor = Callable[[View], Tensor]
"""Probabilities ``[n, O]`` of the items of a view, 0 where there is no option: a probe instead of a model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Changes of a hook to the rest of a fit: new targets ``[M, O]``, weights ``[M]``, or a stop."""

    targets: Tensor | None = None
    weights: Tensor | None = None
    stop: bool = False


Hook = Callable[[int], Change | Tensor | None]
"""Called with 0, 1, 2, … at the ends of epochs (or of parts of them); a tensor stands for new targets."""

Loss = Callable[..., Tensor]


class Student(Protocol):
    """The handle on the student. It shows no item's content and no gold; all tensors are on the CPU."""

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
        ``loss`` replaces the method's own, ``epochs`` the suite's. ``fresh``: start from the pretrained
        weights, not from the present ones. ``head_only``: the body is frozen. ``on_epoch`` (needs
        :data:`RELABEL` or :data:`VALIDATION`) is called ``per_epoch`` times an epoch.
        """

    def predict(self, part: str = "transfer") -> Tensor:
        """Present probabilities of the student on ``transfer [N, O]``, ``validation [V, O]`` or
        ``budget [n, O]``. Needs :data:`RELABEL`, :data:`VALIDATION` or :data:`GOLD_BUDGET`."""

    def states(self, part: str = "transfer") -> Tensor:
        """Hidden states of the pretrained student ``[n, H]`` or ``[n, O, H]``. Needs :data:`STATES`."""

    def prior(self, part: str = "transfer") -> Tensor:
        """Zero-shot probabilities ``[n, O]``. Needs :data:`PRIOR`."""

    def use_probe(self, predictor: Predictor) -> None:
        """Let ``predictor`` answer in the student's place from now on, on the test set too."""

    def snapshot(self) -> object:
        """A copy of the student's weights, to be restored later."""

    def restore(self, snapshot: object) -> None:
        """Load the weights of a snapshot."""

    def twin(self) -> Student:
        """A second student of the same kind from another seed, trained apart; it never answers the test."""
