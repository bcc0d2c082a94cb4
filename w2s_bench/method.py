"""The method contract: how a student learns from weak labels.

Most methods are one loss. A method says which inputs it consumes and gets those and nothing else;
no object it is handed leads to the gold labels of the transfer half or of the test set.
Shapes: B items, O options of the widest item in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from w2s_bench.errors import UserError
from w2s_bench.records import content_key
from w2s_bench.registry import load, source_hash

WEAK, LADDER, UNLABELED = "weak", "ladder", "unlabeled"
KNOWN_INPUTS = {
    WEAK: "the teacher's probability for each option of each transfer item",
    LADDER: "a chain of intermediate students between teacher and student, labels handed upwards",
    UNLABELED: "the inputs of both halves without labels, for a stage before every fit: the teacher's and "
    "the ceiling's too",
}


class Options(BaseModel):
    """Typed options with defaults and ranges; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodCard:
    """Where a method comes from and what was checked against its source."""

    title: str
    paper: str
    formula: str
    checked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Where training stands: ``step`` of ``steps`` (from 0), ``epoch`` of ``epochs``."""

    step: int
    steps: int
    epoch: int
    epochs: int

    @property
    def fraction(self) -> float:
        """Share of training that is done, in [0, 1)."""
        return self.step / self.steps


class Method:
    """Base of all methods. Override :meth:`loss`, or :meth:`targets`, or both.

    ``fits_as`` names the method that each single fit of this one is, where it only changes whose
    labels are used: such fits are then shared with that method.
    """

    card: ClassVar[MethodCard]
    version: ClassVar[int] = 1
    inputs: ClassVar[frozenset[str]] = frozenset({WEAK})
    fits_as: ClassVar[str | None] = None
    Options: ClassVar[type[Options]] = Options

    def __init__(self, options: Any = None) -> None:
        self.options: Any = options if options is not None else self.Options()

    def stage(self) -> dict[str, Any]:
        """Settings of the language-model stage of a method that consumes :data:`UNLABELED`: how many
        ``epochs``, and by what factor ``rate`` each model's learning rate is multiplied."""
        return {"epochs": 1, "rate": 1.0}

    def targets(self, weak: Tensor) -> Tensor:
        """Training targets ``[N, O]`` from weak labels ``[N, O]`` (0 beyond an item's options), made once."""
        return weak

    def loss(self, logits: Tensor, weak: Tensor, mask: Tensor, context: Context) -> Tensor:
        """A scalar from ``logits``, targets ``weak`` and ``mask``, each ``[B, O]``."""
        raise UserError(
            f"method {type(self).__name__} defines no loss", expected="an override of Method.loss"
        )


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over items of −Σ_o target·log softmax(logits): soft-label cross-entropy in nats."""
    return -(target * torch.log_softmax(logits, dim=-1)).sum(-1).mean()


def harden(probabilities: Tensor) -> Tensor:
    """One-hot of the most probable option ``[B, O]``; the first of equals wins."""
    return torch.nn.functional.one_hot(probabilities.argmax(-1), probabilities.shape[-1]).to(probabilities)


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
