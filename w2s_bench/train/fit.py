"""One call for every fit: teachers, ceilings and students differ only in the labels of their requests.

The method learns through its student handle, then the model predicts on the requested parts. Nothing here
opens the store or reaches gold labels outside the request.
"""

from __future__ import annotations

import time

import torch

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
    """Fit a model as a request says, and predict. Errors: FitFailed for every kind of failure."""
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
    greedy = None  # a probe answers in the model's place
    if handle.predictor is None:
        greedy = greedy_options(handle.model, request.items["test"], torch.device(request.device))
    return FitResult(
        arrays=answers,
        greedy=greedy,
        epoch_loss=tuple(handle.epoch_loss),
        curve=tuple(handle.curve),
        adapter=adapter_of(handle.model, Training(**request.training)),
        parameters=handle.model.parameters_count,
        n_train=request.n_train,
        fit_seconds=checkpoint.earlier_seconds + fitted - clock,
        seconds=checkpoint.earlier_seconds + time.perf_counter() - clock,
    )
