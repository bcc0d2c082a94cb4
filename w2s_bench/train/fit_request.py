"""What a fit is given and what it returns.

A student's request holds items and weak labels: no gold of the transfer half or of the test set, no store
path and no key. A gold request, which only the gold process builds, holds gold as its labels. The process of
a method imports this module, so it must not know how a store is opened.
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

REQUEST_VERSION = 1  # raise it when a method is given something else under the same name
TRANSFER, VALIDATION, BUDGET = "transfer", "validation", "budget"  # parts by the names that methods know
# Teacher, student and ceiling of a method with a language-model stage read the same text before their fit.
LANGUAGE_PARTS = ("teacher", "transfer")
CURVE = "curve"  # name of the stored array with the answers given during training
ADAPTER = "adapter"  # name of the stored arrays with the trained weights of a LoRA recipe
HELD_OUT = 10  # a tenth of the transfer half selects where the suite draws no validation part
Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FitRequest:
    """Everything that a fit needs, or a question to an untrained model.

    ``items`` by part. ``train`` is the part to learn from, ``rows`` its rows to train on (None: all), and
    ``answers`` names the parts to predict at the end. ``labels``, ``states`` and ``prior`` are by part too;
    ``labels`` are probabilities ``[N, O]``. ``teachers [K, N, O]`` belong to the training part. ``gold``
    holds the labels of the ``budget`` part, which comes from the teacher half. ``held_out``: how many of the
    last training items are for validation. ``untrained``: no fit, only the hidden states or the zero-shot
    answers of the model as it is.
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
    held_out: int = 0
    device: str = "cpu"
    untrained: Literal["", "states", "prior"] = ""

    @property
    def n_train(self) -> int:
        """How many items of the training part are used, those held out for validation included."""
        return len(self.items[self.train]) if self.rows is None else len(self.rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class FitResult:
    """What a fit returns.

    ``arrays``: probabilities ``[N, O]`` or hidden states, by part. ``greedy``: freely decoded answers as
    option indices, where the model generates. ``epoch_loss``: mean loss of each epoch of the last fit.
    ``curve``: shares of training and the options picked on the test set then, where the recipe asks for it.
    ``adapter``: trained weights by name, where the recipe has adapters.
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
