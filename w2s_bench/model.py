"""The model contract: whatever it is inside, a model gives one logit per option of each item.

Shapes: B items in a batch, O options of the widest item in it. A family builds models of one kind at
the sizes that its argument names (``llama:32x2``, ``hf:gpt2``); a tiny shipped model and a 70B model
take the same path.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel, UserError
from w2s_bench.records import Domain
from w2s_bench.registry.load import anchored, load
from w2s_bench.registry.source_hash import source_hash
from w2s_bench.task import Ask, Item

MASKED = -1e9  # a finite stand-in for minus infinity: its softmax is 0 and its gradient is not NaN


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What a model must know of a task: its domain, its classes (nlp; without any, each item has options of
    its own), the longest input in tokens, and how to ask without finetuning where the task tells."""

    domain: Domain
    classes: tuple[str, ...] = ()
    max_length: int = 256
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Input tensors by name and ``mask [B, O]``, true where an option exists."""

    inputs: dict[str, Tensor]
    mask: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; copies from pinned memory go on while the caller does."""
        ahead = device.type == "cuda"
        inputs = {name: v.to(device, non_blocking=ahead) for name, v in self.inputs.items()}
        return Batch(inputs, self.mask.to(device, non_blocking=ahead))


class Model(nn.Module, ABC):
    """One logit per option. ``encode`` runs once per item, ``collate`` once per batch."""

    @abstractmethod
    def encode(self, items: Sequence[Item]) -> list[Any]:
        """Items in the model's own form (token ids, planes, feature ids)."""

    @abstractmethod
    def collate(self, encoded: Sequence[Any]) -> Batch:
        """Pad encoded items to one batch."""

    @abstractmethod
    def scores(self, batch: Batch) -> Tensor:
        """Logits ``[B, O]``; the values at masked options do not matter."""

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, O]`` in single precision, :data:`MASKED` where there is no option."""
        return self.scores(batch).float().masked_fill(~batch.mask, MASKED)

    def length(self, encoded: Any) -> int:
        """Cost of an encoded item, to batch items of like length."""
        return 1

    def greedy(self, items: Sequence[Item], device: torch.device) -> list[str] | None:
        """Free greedy decoding of an answer for each item; None where the model does not generate."""
        return None

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Logits ``[N, O]`` of a model that was not finetuned, :data:`MASKED` where there is no option.

        Called only in domains that the family lists in :attr:`ModelFamily.answers_untrained`.
        """
        raise self._lacks("zero_shot", "answers_untrained")

    def language_loss(self, batch: Batch) -> Tensor:
        """Mean next-token cross-entropy (nats) of the inputs of ``batch``, options' text included, no labels.

        Called only in domains that the family lists in :attr:`ModelFamily.generates`.
        """
        raise self._lacks("language_loss", "generates")

    def _lacks(self, function: str, promise: str) -> UserError:
        """What a family is told that promises more than its models do."""
        return UserError(
            f"{function}() is not written",
            where=f"model class {type(self).__name__}",
            expected=f"that function, because the family's {promise} promises it",
            mend=f"write it, or take the domain out of {promise}",
        )

    @property
    def parameters_count(self) -> int:
        """Number of parameters, heads and embeddings included."""
        return sum(p.numel() for p in self.parameters())


def spread(rows: Tensor, mask: Tensor) -> Tensor:
    """Values of rows ``[R]``, one an option, at the places of their options ``[B, O]``; 0 elsewhere."""
    return torch.zeros(mask.shape, dtype=rows.dtype, device=rows.device).masked_scatter(mask, rows)


def option_mask(counts: Sequence[int]) -> Tensor:
    """The mask ``[B, O]`` of items with so many options."""
    return torch.arange(max(counts)) < torch.tensor(counts)[:, None]


@torch.no_grad()
def untrained_scores(model: Model, items: Sequence[Item], size: int = 128) -> Tensor:
    """Logits ``[N, O]`` of a model whose head means something before training, :data:`MASKED` elsewhere."""
    device = next(model.parameters()).device
    encoded = model.eval().encode(items)
    found = [
        model(model.collate(encoded[k : k + size]).to(device)).cpu() for k in range(0, len(encoded), size)
    ]
    width = max(f.shape[1] for f in found)
    return torch.cat([nn.functional.pad(f, (0, width - f.shape[1]), value=MASKED) for f in found])


class ModelFamily(ABC):
    """Builds models of one kind; ``domains`` are those it can answer in."""

    domains: ClassVar[frozenset[Domain]]
    usage: ClassVar[str]
    answers_untrained: ClassVar[frozenset[Domain]] = frozenset()  # domains in which Model.zero_shot works
    generates: ClassVar[frozenset[Domain]] = frozenset()  # domains in which Model.language_loss works
    folders: ClassVar[bool] = False  # whether an argument may be a folder, seen from where a suite is run

    def domains_of(self, argument: str) -> frozenset[Domain]:
        """Domains in which this member answers."""
        return self.domains

    @abstractmethod
    def check(self, argument: str) -> None:
        """Raise BadModel where the argument names no model of this family."""

    def fingerprint(self, argument: str) -> str:
        """Changes whenever the initial weights would; for random ones the argument says it all."""
        return f"random:{argument}"

    def size(self, argument: str) -> int | None:
        """Rough number of parameters without building it, for cost estimates; None where unknown."""
        return None

    def untrained(self, argument: str) -> str | None:
        """The argument of the same architecture from random initialisation; None where there is no such."""
        return None

    @abstractmethod
    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """A model ready for training; ``seed`` sets what is drawn at random.

        Errors: BadModel where it cannot answer tasks of that shape (nlp without classes, say).
        """


def family_of(name: str) -> tuple[str, ModelFamily, str]:
    """Split ``family:argument`` or ``file.py:NAME:argument`` and load the family."""
    head, _, rest = name.partition(":")
    if head.endswith(".py"):
        attribute, _, rest = rest.partition(":")
        head = f"{head}:{attribute}"
    family = load("model", head)
    if not isinstance(family, ModelFamily):
        raise UserError(
            f"not a model family: {type(family).__name__}",
            where=head,
            expected="an object of w2s_bench.model.ModelFamily",
        )
    return head, family, rest


def check_model(name: str, domain: Domain) -> None:
    """Raise BadModel or UnknownName unless ``name`` is a model that answers in ``domain``."""
    _, family, argument = family_of(name)
    if domain not in family.domains:
        raise _silent(name, domain, family.domains)
    family.check(argument)
    if domain not in family.domains_of(argument):
        raise _silent(name, domain, family.domains_of(argument))


def _silent(name: str, domain: Domain, domains: frozenset[Domain]) -> BadModel:
    return BadModel(
        f"model {name!r} does not answer {domain} tasks",
        expected=f"a domain among {', '.join(sorted(domains))}",
    )


def model_fingerprint(name: str) -> str:
    """Initial weights and code of a model, for content keys."""
    head, family, argument = family_of(name)
    return f"{source_hash('model', head)}:{family.fingerprint(argument)}"


def anchored_model(name: str) -> str:
    """The same model named so that it is found from any working folder."""
    head, family, argument = family_of(name)
    prefix, colon, rest = argument.rpartition(":")
    if family.folders and Path(rest).is_dir():
        argument = f"{prefix}{colon}{Path(rest).resolve()}"
    if head == name:
        return name
    return f"{anchored(head)}:{argument}"


def model_size(name: str) -> int | None:
    """Rough number of parameters without building the model."""
    _, family, argument = family_of(name)
    return family.size(argument)


def untrained_model(name: str) -> str | None:
    """The name of the same architecture from random initialisation; None where there is none."""
    head, family, argument = family_of(name)
    found = family.untrained(argument)
    return None if found is None else f"{head}:{found}"


def answers_untrained(name: str, domain: Domain) -> bool:
    """Whether a model has a zero-shot answer in a domain."""
    return domain in family_of(name)[1].answers_untrained


def generates(name: str, domain: Domain) -> bool:
    """Whether a model has a language-model loss on the inputs of a domain."""
    return domain in family_of(name)[1].generates


def build_model(name: str, shape: Shape, seed: int) -> Model:
    """Build ``family:argument`` for a task; everything random in it follows from ``seed``."""
    _, family, argument = family_of(name)
    torch.manual_seed(seed)
    return family.build(argument, shape, seed)
