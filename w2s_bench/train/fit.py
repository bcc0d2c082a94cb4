"""One call for every fit: teachers, ceilings and students differ only in the labels of their requests.

The method learns through its student handle, then the model answers the parts that are asked for. Nothing
here opens the store, and no gold but what the request holds can be reached.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_bench.errors import FitFailed, UserError
from w2s_bench.method import load_method
from w2s_bench.suite import Training
from w2s_bench.train.checkpoint import Checkpoint, Diverged
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.lora import adapter_of
from w2s_bench.train.method_checks import failing_function, method_error, name_of
from w2s_bench.train.predict import greedy_options
from w2s_bench.train.student_handle import StudentHandle
from w2s_bench.train.untrained import ask_untrained


def fit(request: FitRequest, checkpoint: Checkpoint | None = None) -> FitResult:
    """Fit a model as a request says, and predict. Errors: FitFailed, whatever went wrong."""
    checkpoint = checkpoint or Checkpoint()
    try:
        return ask_untrained(request) if request.untrained else _fit(request, checkpoint)
    except Diverged:
        return fit(request, checkpoint.restarted())
    except FitFailed:
        raise
    except UserError as error:
        raise FitFailed(
            error.what, where=error.where or request.title, expected=error.expected, mend=error.mend
        ) from error
    except (Exception, SystemExit) as error:
        raise FitFailed(f"{type(error).__name__}: {error}"[:400], where=request.title) from error


def _fit(request: FitRequest, checkpoint: Checkpoint) -> FitResult:
    clock = time.perf_counter()
    method = load_method(request.method, request.options)
    handle = StudentHandle(request, method, checkpoint)
    try:
        method.learn(handle, handle.inputs)
        checkpoint.close()
        fitted = time.perf_counter()
        answers = {part: handle.answer(part) for part in request.answers}
    except UserError as error:
        error.where = error.where or name_of(method)
        raise
    except (Exception, SystemExit) as error:
        raise method_error(failing_function(method, error), error, method) from error
    return FitResult(
        arrays=answers,
        greedy=_greedy(handle, request),
        epoch_loss=tuple(handle.epoch_loss),
        curve=tuple(handle.curve),
        adapter=adapter_of(handle.model, Training(**request.training)),
        parameters=handle.model.parameters_count,
        n_train=request.n_train,
        fit_seconds=checkpoint.earlier_seconds + fitted - clock,
        seconds=checkpoint.earlier_seconds + time.perf_counter() - clock,
    )


def _greedy(handle: StudentHandle, request: FitRequest) -> NDArray[np.int64] | None:
    """Freely decoded answers on the test set, unless a probe answers in the model's place."""
    if handle.predictor is not None:
        return None
    return greedy_options(handle.model, request.items["test"], torch.device(request.device))
