"""The model contract: a model gives one logit per option of each item.

A family builds models of one kind at the sizes that its argument names (``llama:32x2``, ``hf:gpt2``). A tiny
shipped model and a 70B model take the same path.
Shapes: B items in a batch, N items of a part, O options of the widest item, H width of a hidden state.
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
    """The facts of a task that a model needs.

    ``classes`` of an nlp task; without any, each item has options of its own. ``max_length``: the longest
    input in tokens. ``ask``: the task's question to a model that was not finetuned, if any.
    """

    domain: Domain
    classes: tuple[str, ...] = ()
    max_length: int = 256
    ask: Ask | None = None

    @property
    def options(self) -> int | None:
        """Number of options of every item (classes; 2 for pairs); None where items differ (moves)."""
        return {"nlp": len(self.classes), "reward": 2}.get(self.domain)


@dataclass(frozen=True, slots=True)
class Batch:
    """Input tensors by name, and ``mask [B, O]``, which is true where an option exists."""

    inputs: dict[str, Tensor]
    mask: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on a device. A copy from pinned memory to a GPU does not block the caller."""
        on_gpu = device.type == "cuda"
        inputs = {name: v.to(device, non_blocking=on_gpu) for name, v in self.inputs.items()}
        return Batch(inputs, self.mask.to(device, non_blocking=on_gpu))


class Model(nn.Module, ABC):
    """One logit per option. ``encode`` runs once per item, ``collate`` once per batch.

    A model that wraps a causal language model of transformers keeps it in an attribute ``lm``: adapters,
    sharded fits and gradient checkpointing need it.
    """

    encodes_by_name: ClassVar[bool] = False
    """Whether ``encode`` depends on the model's name and shape alone, so that models of one name can share
    encoded items. A class that overrides ``encode`` must set it again."""

    piece_tokens: int = 0
    """Most tokens of one pass on a CPU, which saves padding; 0 for whole batches. Sharded fits set it to 0:
    all processes must call a shared model equally often."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "encode" in vars(cls) and "encodes_by_name" not in vars(cls):
            cls.encodes_by_name = False

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
        """Cost of an encoded item, for batching items of similar length."""
        return 1

    def greedy(self, items: Sequence[Item], device: torch.device) -> list[str] | None:
        """Freely decoded greedy answers, one an item; None where the model does not generate."""
        return None

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Logits ``[N, O]`` before any finetuning, :data:`MASKED` where there is no option; needed in the
        domains of :attr:`ModelFamily.answers_untrained`."""
        raise self._lacks("zero_shot", "answers_untrained")

    def language_loss(self, batch: Batch) -> Tensor:
        """Mean next-token cross-entropy (nats) of the batch's inputs, options' text included; needed in the
        domains of :attr:`ModelFamily.generates`."""
        raise self._lacks("language_loss", "generates")

    def states(self, batch: Batch) -> Tensor:
        """Hidden states that the head reads: one an item ``[B, H]`` (classes) or one an option ``[B, O, H]``,
        0 where there is none. Errors: BadModel for a model that shows none."""
        raise BadModel(
            f"{type(self).__name__} shows no hidden states",
            expected="a family with Model.states, or a built-in one",
        )

    def head_parameters(self) -> list[nn.Parameter]:
        """Parameters between hidden states and logits; by default those of a module ``head``. Errors:
        BadModel for a model without a separable head."""
        if isinstance(head := getattr(self, "head", None), nn.Module):
            return list(head.parameters())
        raise BadModel(
            f"{type(self).__name__} has no head of its own", expected="a model with a separable head"
        )

    def _lacks(self, function: str, promise: str) -> UserError:
        """The error of a family that promises a function which its models lack."""
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
    """Scatter values ``[R]``, one an option, to the cells of their options ``[B, O]``; 0 elsewhere."""
    return torch.zeros(mask.shape, dtype=rows.dtype, device=rows.device).masked_scatter(mask, rows)


def option_mask(counts: Sequence[int]) -> Tensor:
    """The mask ``[B, O]`` of items with these numbers of options."""
    return torch.arange(max(counts)) < torch.tensor(counts)[:, None]


@torch.no_grad()
def untrained_scores(model: Model, items: Sequence[Item], size: int = 128) -> Tensor:
    """Logits ``[N, O]`` of a model with a pretrained head, :data:`MASKED` where there is no option."""
    device = next(model.parameters()).device
    encoded = model.eval().encode(items)
    logits = [
        model(model.collate(encoded[k : k + size]).to(device)).cpu() for k in range(0, len(encoded), size)
    ]
    width = max(part.shape[1] for part in logits)
    return torch.cat([nn.functional.pad(part, (0, width - part.shape[1]), value=MASKED) for part in logits])


class ModelFamily(ABC):
    """Builds models of one kind; ``domains`` are those it can answer in."""

    domains: ClassVar[frozenset[Domain]]
    usage: ClassVar[str]
    answers_untrained: ClassVar[frozenset[Domain]] = frozenset()  # domains in which Model.zero_shot works
    generates: ClassVar[frozenset[Domain]] = frozenset()  # domains in which Model.language_loss works
    folders: ClassVar[bool] = False  # whether an argument may be a folder, relative to the working folder

    def domains_of(self, argument: str) -> frozenset[Domain]:
        """Domains in which the model of that argument answers."""
        return self.domains

    @abstractmethod
    def check(self, argument: str) -> None:
        """Raise BadModel where the argument names no model of this family."""

    def fingerprint(self, argument: str) -> str:
        """A text that changes whenever the initial weights would."""
        return f"random:{argument}"

    def size(self, argument: str) -> int | None:
        """Rough number of parameters without building it, for cost estimates; None where unknown."""
        return None

    def untrained(self, argument: str) -> str | None:
        """The argument of the same architecture with random initialisation; None where there is none."""
        return None

    def tokenizers(self) -> dict[str, Path]:
        """Tokenizer files that ship with the family, by the name that an audit shows."""
        return {}

    @abstractmethod
    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """A model ready for training; all randomness follows from ``seed``. Errors: BadModel where it cannot
        answer tasks of that shape, such as nlp without classes."""


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

    def check_domains(domains: frozenset[Domain]) -> None:
        if domain not in domains:
            expected = f"a domain among {', '.join(sorted(domains))}"
            raise BadModel(f"model {name!r} does not answer {domain} tasks", expected=expected)

    check_domains(family.domains)
    family.check(argument)
    check_domains(family.domains_of(argument))


def model_fingerprint(name: str) -> str:
    """Initial weights and code of a model, for content keys."""
    head, family, argument = family_of(name)
    return f"{source_hash('model', head)}:{family.fingerprint(argument)}"


def anchored_model(name: str) -> str:
    """The name with absolute paths, so that it means the same model in any working folder."""
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
    """The name of the same architecture with random initialisation; None where there is none."""
    head, family, argument = family_of(name)
    untrained = family.untrained(argument)
    return None if untrained is None else f"{head}:{untrained}"


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
