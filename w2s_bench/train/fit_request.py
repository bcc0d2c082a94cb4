"""The request of a fit and its result.

A student's request holds items and weak labels: no gold of the transfer half or of the test set, no store
path and no key. Only the gold process builds requests with gold labels. Processes of methods import this
module, so it must not know how to open a store.
Shapes: N items of a part, O options of the widest item, K teachers, H width of a hidden state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from w2s_bench.model import Shape
from w2s_bench.records import Domain
from w2s_bench.task import Item

REQUEST_VERSION = 1  # raise it when the meaning of an input of methods changes
TRANSFER, VALIDATION, BUDGET = "transfer", "validation", "budget"  # names of parts in the API of methods
LANGUAGE_PARTS = ("teacher", "transfer")  # parts of the language-model stage, in every role
CURVE = "curve"  # name of the stored array of answers during training
ADAPTER = "adapter"  # name of the stored arrays of weights that LoRA trained
HELD_OUT = 10  # one in so many transfer items validates, if the suite draws no validation part
Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FitRequest:
    """Everything that a fit needs.

    ``items``, ``labels`` (probabilities ``[N, O]``), ``states`` and ``prior`` are by part. ``train``: the
    part to train on, ``rows`` of it (None: all); ``answers``: the parts to predict. ``teachers [K, N, O]``:
    labels of the training part. ``gold``: labels of the ``budget`` part. ``held_out``: how many of the last
    training items are for validation. ``untrained``: no fit, but hidden states or zero-shot answers.
    """

    title: str
    domain: Domain
    model: str
    shape: Shape
    seed: int
    training: dict[str, Any]
    stage: dict[str, Any] = field(default_factory=dict)
    method: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    items: Mapping[str, list[Item]]
    train: str = TRANSFER
    rows: NDArray[np.int64] | None = None
    answers: tuple[str, ...] = ()
    labels: Arrays = field(default_factory=dict)
    teachers: NDArray[np.float32] | None = None
    states: Arrays = field(default_factory=dict)
    prior: Arrays = field(default_factory=dict)
    gold: NDArray[np.float32] | None = None
    budget_teachers: NDArray[np.float32] | None = None
    held_out: int = 0
    device: str = "cpu"
    untrained: Literal["", "states", "prior"] = ""

    @property
    def n_train(self) -> int:
        """Number of training items, including those held out for validation."""
        return len(self.items[self.train]) if self.rows is None else len(self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class FitResult:
    """The result of a fit.

    ``arrays``: probabilities ``[N, O]`` or hidden states, by part. ``greedy``: freely decoded answers as
    option indices, if the model generates. ``epoch_loss``: mean loss of each epoch of the last fit.
    ``curve``: shares of training with the test options picked then. ``adapter``: weights that LoRA trained.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    greedy: NDArray[np.int64] | None = None
    epoch_loss: tuple[float, ...] = ()
    curve: tuple[tuple[float, NDArray[np.int64]], ...] = ()
    adapter: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    parameters: int = 0
    n_train: int = 0
    fit_seconds: float = 0.0
    seconds: float = 0.0
