"""The method contract: how a student learns from weak labels.

Most methods are one loss. A method says which inputs it consumes and gets those and nothing else;
no object it is handed leads to the gold labels of the transfer half or of the test set.
Shapes: B items, O options of the widest item in the batch; N items of the transfer half.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from w2s_bench.errors import UserError
from w2s_bench.method_tools import LeaveOneOut
from w2s_bench.records import Domain, content_key
from w2s_bench.registry.load import load
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.student import (
    GOLD_BUDGET,
    KNOWN_INPUTS,
    LADDER,
    PRIOR,
    RELABEL,
    STATES,
    TAGS,
    TEACHERS,
    TEXTS,
    UNLABELED,
    VALIDATION,
    WEAK,
    Change,
    Declared,
    Hook,
    Inputs,
    Labelled,
    Loss,
    Predictor,
    Student,
    View,
)

__all__ = [
    "GOLD_BUDGET", "KNOWN_INPUTS", "LADDER", "PRIOR", "RELABEL", "STATES", "TAGS", "TEACHERS", "TEXTS",
    "UNLABELED", "VALIDATION", "WEAK", "Change", "Context", "Hook", "Inputs", "Labelled", "LeaveOneOut",
    "Loss", "Method", "MethodCard", "Options", "Predictor", "Student", "View", "cross_entropy", "harden",
    "load_method", "method_fingerprint", "normalised", "targets_of", "upper_second",
]  # fmt: skip


class Options(BaseModel):
    """Typed options with defaults and ranges; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodCard:
    """The source of a method and what was checked against it.

    ``generalises``: how a method that its source defines for two classes treats more options, legal moves
    and pairs. ``cost``: how many fits it takes.
    """

    title: str
    paper: str
    formula: str
    checked: str = ""
    generalises: str = ""
    cost: str = "1 fit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The progress of training and the inputs of one batch.

    ``step`` of ``steps`` and ``epoch`` of ``epochs``, from 0. ``options``: how many options every item of the
    task has, None where items differ; a batch of legal moves that is two wide is still no two-class task.
    ``items [B]``: rows of the training pool. ``weights [B]``: as given to ``student.fit``, else None.
    Declared inputs come sliced to the batch: ``teachers [K, B, O]``, ``states`` (``[B, H]`` or
    ``[B, O, H]``), ``prior [B, O]``.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    options: int | None = None
    items: Tensor | None = None
    weights: Tensor | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    teachers = Declared[Tensor](TEACHERS)
    states = Declared[Tensor](STATES)
    prior = Declared[Tensor](PRIOR)

    @property
    def fraction(self) -> float:
        """Share of training that is done, in [0, 1)."""
        return self.step / self.steps

    def ramp(self, warmup: float) -> float:
        """Rises linearly from 0 to 1 over the first ``warmup`` of training, then stays; 1 if 0."""
        return min(1.0, self.fraction / warmup) if warmup > 0 else 1.0


class Method:
    """Base of all methods. Override :meth:`loss`, :meth:`targets`, or for more than one plain fit
    :meth:`learn`.

    ``kind``: a reference is a row to compare with; an oracle sees gold. ``fits_as`` names the method whose
    single fits are the same but for the source of their labels: such fits are shared with that method.
    ``domains``: where its formula is defined and bounded; a plan refuses it elsewhere by name.
    ``teachers_kind``: which several teachers it needs; None leaves it to the suite. ``draws``: it draws items
    at random, so that their order may change what it learns.

    Each fit gets a new object, which may keep state in attributes: checkpoints hold tensors, numbers and
    strings, and a fit with any other attribute does not resume. ``loss`` must keep its state there. A loss
    passed to ``student.fit(loss=...)`` may keep state elsewhere, so such a fit restarts after an interruption
    unless ``stateless_losses`` declares that none does.
    """

    card: ClassVar[MethodCard]
    version: ClassVar[int] = 1
    kind: ClassVar[Literal["method", "reference", "oracle"]] = "method"
    inputs: ClassVar[frozenset[str]] = frozenset({WEAK})
    teachers_kind: ClassVar[Literal["seeds", "specialists", "sizes"] | None] = None
    fits_as: ClassVar[str | None] = None
    draws: ClassVar[bool] = False
    domains: ClassVar[frozenset[Domain]] = frozenset({"nlp", "chess", "reward"})
    stateless_losses: ClassVar[bool] = False
    Options: ClassVar[type[Options]] = Options

    def __init__(self, options: Any = None) -> None:
        self.options: Any = options if options is not None else self.Options()

    @property
    def uses_gold(self) -> bool:
        """Whether its number depends on gold labels; tables say so."""
        return GOLD_BUDGET in self.inputs or self.kind == "oracle"

    def budget(self) -> int:
        """How many gold labels a method that consumes :data:`GOLD_BUDGET` sees."""
        return 0

    def stage(self) -> dict[str, Any]:
        """Settings of the language-model stage of a method that consumes :data:`UNLABELED`: how many
        ``epochs``, and by what factor ``rate`` each model's learning rate is multiplied."""
        return {"epochs": 1, "rate": 1.0}

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Train the student that answers the test set; by default one fit on :meth:`targets`."""
        student.fit(targets_of(self, inputs.weak, inputs.mask))

    def targets(self, weak: Tensor, mask: Tensor) -> Tensor:
        """Training targets ``[N, O]`` from weak labels ``[N, O]`` (0 where ``mask`` is false), made once.
        A method that needs no mask may leave out that argument."""
        return weak

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """A scalar from ``logits``, targets ``weak`` and ``mask``, each ``[B, O]``: by default soft-label
        cross-entropy, weighted where the fit has weights."""
        return cross_entropy(logits, weak, context.weights)


def targets_of(method: Method, weak: Tensor, mask: Tensor) -> Tensor:
    """The result ``[N, O]`` of ``method.targets``, which may or may not take a mask."""
    masked = {"mask": mask} if "mask" in inspect.signature(method.targets).parameters else {}
    return method.targets(weak, **masked)


def cross_entropy(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over items of −Σ_o target·log softmax(logits): soft-label cross-entropy in nats. ``weights [B]``
    multiply each item's own; the mean is over items all the same, so they should be 1 on average."""
    each = -(target * torch.log_softmax(logits, dim=-1)).sum(-1)
    return (each if weights is None else each * weights).mean()


def harden(probabilities: Tensor) -> Tensor:
    """One-hot of the most probable option ``[B, O]``; the first of equals wins."""
    return torch.nn.functional.one_hot(probabilities.argmax(-1), probabilities.shape[-1]).to(probabilities)


def upper_second(logits: Tensor, count: int) -> Tensor:
    """Hard labels ``[B, 2]``: the second option for the ``count`` items with the highest log-odds of it."""
    ranked = (logits[:, 1] - logits[:, 0]).argsort(descending=True, stable=True)
    second = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    second[ranked[:count]] = 1
    return torch.nn.functional.one_hot(second, 2).to(logits)


def normalised(values: Tensor, mask: Tensor) -> Tensor:
    """Distributions ``[…, O]`` from non-negative values; uniform over the options of an all-zero item."""
    values = values * mask
    total = values.sum(-1, keepdim=True)
    uniform = mask / mask.sum(-1, keepdim=True)
    return torch.where(total > 0, values / total.clamp(min=torch.finfo(values.dtype).tiny), uniform)


def load_method(name: str, options: dict[str, Any] | None = None) -> Method:
    """A registered method or ``path/to/file.py:Name`` with checked options."""
    cls = load("method", name)
    if not (isinstance(cls, type) and issubclass(cls, Method)):
        raise UserError(
            f"not a method: {cls!r}", where=name, expected="a subclass of w2s_bench.method.Method"
        )
    unknown = cls.inputs - KNOWN_INPUTS.keys()
    if unknown:
        raise UserError(
            f"asks for unknown input(s) {', '.join(sorted(unknown))}",
            where=f"method {name}",
            expected="among " + ", ".join(KNOWN_INPUTS),
        )
    try:
        return cls(cls.Options.model_validate(options or {}))
    except ValidationError as error:
        first = error.errors()[0]
        known = ", ".join(cls.Options.model_fields) or "none"
        raise UserError(
            f"option {'.'.join(map(str, first['loc']))!r}: {first['msg']} (got {first['input']!r})",
            where=f"method {name}",
            expected=f"its options: {known}",
        ) from None


def method_fingerprint(name: str, method: Method) -> str:
    """Name, version, options and code of a method, for content keys."""
    return content_key(
        {
            "name": name,
            "version": method.version,
            "code": source_hash("method", name),
            "options": method.options.model_dump(mode="json"),
        }
    )
