"""A lesson: everything that the process of a student is given, and what it gives back.

It holds items and weak labels, no gold of the transfer half or of the test set, and no path or key that
leads to the store. This module is imported in that process: it must not know how the store is opened.
Shapes: N items of a part, O options of the widest, K teachers, H width of a state.
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
CURVE = "curve"  # the array of a fit that holds its answers while it trained
ADAPTER = "adapter"  # what was trained, where the recipe has adapters
HELD_OUT = 10  # a tenth of the transfer half is for selection where the suite draws no validation
Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FitRequest:
    """What a fit on weak labels, or a look at an untrained model, needs.

    ``items`` by part; ``train`` is the one to learn from and ``answers`` names those that the student must
    answer at the end. ``weak``, ``states`` and ``prior`` are by part too; ``teachers [K, N, O]`` are of the
    training part. ``gold`` are the labels of the ``budget`` part, which is from the teacher half.
    ``held_out``: how many of the last training items are for validation. ``look``: no fit, only states or
    answers of the untrained model.
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
    answers: tuple[str, ...] = ()
    weak: Arrays = field(default_factory=dict)
    teachers: NDArray[np.float32] | None = None
    states: Arrays = field(default_factory=dict)
    prior: Arrays = field(default_factory=dict)
    gold: NDArray[np.float32] | None = None
    held_out: int = 0
    device: str = "cpu"
    look: Literal["", "states", "prior"] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FitResult:
    """What comes back: arrays by part (probabilities ``[N, O]`` or states), free answers where the model
    generates, losses of the epochs of its last fit, and facts for the records. ``curve``: shares of training
    and the options picked on the test set then, where the recipe asks for it. ``adapter``: trained weights by
    name, where the recipe has adapters."""

    arrays: Mapping[str, NDArray[np.float32]]
    greedy: NDArray[np.int64] | None = None
    epoch_loss: tuple[float, ...] = ()
    curve: tuple[tuple[float, NDArray[np.int64]], ...] = ()
    adapter: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    parameters: int = 0
    n_train: int = 0
    fit_seconds: float = 0.0
    seconds: float = 0.0
