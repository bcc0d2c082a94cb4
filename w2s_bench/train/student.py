"""What the process of a student does with a lesson: let the method learn, then answer.

Nothing here opens the store. Whatever goes wrong is told by the method's name: the run marks its cells
and goes on.
"""

from __future__ import annotations

import inspect
import time
import traceback

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.method import Method, load_method
from w2s_bench.model import Model, Shape, build_model
from w2s_bench.suite import Training
from w2s_bench.task import Item
from w2s_bench.train.checkpoint import Checkpoint, Diverged
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit import raised
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.hidden_states import all_states
from w2s_bench.train.lora import adapter_of
from w2s_bench.train.student_handle import StudentHandle


def study(request: FitRequest, checkpoint: Checkpoint | None = None) -> FitResult:
    """Learn and answer. Errors: FitFailed, whatever it was."""
    try:
        return _look(request) if request.look else _learn(request, checkpoint or Checkpoint())
    except Diverged:
        return study(request, checkpoint.afresh())  # type: ignore[union-attr]
    except FitFailed:
        raise
    except UserError as error:
        raise FitFailed(
            error.what, where=error.where or request.title, expected=error.expected, mend=error.mend
        ) from error
    except (Exception, SystemExit) as error:
        raise FitFailed(f"{type(error).__name__}: {error}"[:400], where=request.title) from error


def options_of(shape: Shape) -> int | None:
    """How many options every item of a task has; None where items differ."""
    return {"nlp": len(shape.classes), "reward": 2}.get(shape.domain)


def _learn(request: FitRequest, checkpoint: Checkpoint) -> FitResult:
    clock = time.perf_counter()
    method = load_method(request.method, request.options)
    handle = StudentHandle(request, method, options_of(request.shape), checkpoint)
    try:
        method.learn(handle, handle.inputs)
        checkpoint.close()
        fitted = time.perf_counter()
        answers = {part: handle.answer(part) for part in request.answers}
    except UserError as error:
        if not error.where:
            error.where = f"method {type(method).__name__}"
        raise
    except (Exception, SystemExit) as error:
        raise raised(f"{_culprit(method, error)}()", error, method) from error
    return FitResult(
        arrays=answers,
        greedy=_greedy(handle, request.items["test"], torch.device(request.device)),
        epoch_loss=tuple(handle.epoch_loss),
        curve=tuple(handle.curve),
        adapter=adapter_of(handle.model, Training(**request.training)),
        parameters=handle.model.parameters_count,
        n_train=len(request.items[request.train]),
        fit_seconds=checkpoint.earlier + fitted - clock,
        seconds=checkpoint.earlier + time.perf_counter() - clock,
    )


def _culprit(method: Method, error: BaseException) -> str:
    """The method's own function in which the error arose."""
    file = inspect.getfile(type(method))
    inside = [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return inside[-1] if inside else "learn"


def _look(request: FitRequest) -> FitResult:
    """States or answers of the model as it is, before any fit."""
    clock = time.perf_counter()
    device = torch.device(request.device)
    model = build_model(request.model, request.shape, request.seed).to(device)
    look = _states if request.look == "states" else _prior
    found = {part: look(model, request, part, device) for part in request.answers}
    seconds = time.perf_counter() - clock
    return FitResult(arrays=found, parameters=model.parameters_count, seconds=seconds)


def _states(model: Model, request: FitRequest, part: str, device: torch.device) -> NDArray[np.float32]:
    found = all_states(model, encode(model, request.model, request.items[part]), device)
    if not bool(torch.isfinite(found).all()):
        raise FitFailed("hidden states that are not finite", expected="a model that computes numbers")
    return found.numpy()


def _prior(model: Model, request: FitRequest, part: str, device: torch.device) -> NDArray[np.float32]:
    return torch.softmax(model.zero_shot(request.items[part]).float(), -1).cpu().numpy()


def _greedy(handle: StudentHandle, items: list[Item], device: torch.device) -> NDArray[np.int64] | None:
    """Freely decoded answers as option indices, −1 for no option; None if the model does not generate."""
    answers = None if handle.predictor else handle.model.greedy(items, device)
    return None if answers is None else indices(answers, items)


def indices(answers: list[str], items: list[Item]) -> NDArray[np.int64]:
    """Where each answer stands among its item's options; −1 where it is none of them."""
    pairs = zip(items, answers, strict=True)
    return np.array([i.options.index(a) if a in i.options else -1 for i, a in pairs])
