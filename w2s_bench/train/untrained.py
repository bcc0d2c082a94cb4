"""Hidden states and zero-shot answers of a model before any fit."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.errors import FitFailed
from w2s_bench.model import Model, build_model
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.predict import all_states

HIDDEN_VERSION = 1  # raise it when the states of a family change


def ask_untrained(request: FitRequest) -> FitResult:
    """Hidden states or zero-shot answers of the untrained model on the parts in ``request.answers``."""
    clock = time.perf_counter()
    device = torch.device(request.device)
    model = build_model(request.model, request.shape, request.seed).to(device)
    ask = _states if request.untrained == "states" else _prior
    arrays = {part: ask(model, request, part, device) for part in request.answers}
    seconds = time.perf_counter() - clock
    return FitResult(arrays=arrays, parameters=model.parameters_count, seconds=seconds)


def _states(model: Model, request: FitRequest, part: str, device: torch.device) -> NDArray[np.float32]:
    states = all_states(model, encode(model, request.model, request.items[part]), device)
    if not bool(torch.isfinite(states).all()):
        raise FitFailed("hidden states that are not finite", expected="a model that computes numbers")
    return states.numpy()


def _prior(model: Model, request: FitRequest, part: str, device: torch.device) -> NDArray[np.float32]:
    return torch.softmax(model.zero_shot(request.items[part]).float(), -1).cpu().numpy()
