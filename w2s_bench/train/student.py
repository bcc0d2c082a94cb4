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
from w2s_bench.run.workers import tell
from w2s_bench.suite import Training
from w2s_bench.task import Item
from w2s_bench.train.checkpoint import Diary, Diverged
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit import raised
from w2s_bench.train.fit_request import Learned, Lesson
from w2s_bench.train.hidden_states import all_states
from w2s_bench.train.lora import adapter_of
from w2s_bench.train.student_handle import Pupil


def study(lesson: Lesson, diary: Diary | None = None) -> Learned:
    """Learn and answer. Errors: FitFailed, whatever it was."""
    try:
        return _look(lesson) if lesson.look else _learn(lesson, diary or Diary())
    except Diverged:
        return study(lesson, diary.afresh())  # type: ignore[union-attr]
    except FitFailed:
        raise
    except UserError as error:
        raise FitFailed(
            error.what, where=error.where or lesson.title, expected=error.expected, mend=error.mend
        ) from error
    except (Exception, SystemExit) as error:
        raise FitFailed(f"{type(error).__name__}: {error}"[:400], where=lesson.title) from error


def attend(lesson: Lesson, threads: int, every: float | None = None, before: bytes | None = None) -> Learned:
    """What is called in a student's process, which keeps its diary ``every`` so many seconds by telling its
    parent, and goes on from the one ``before``."""
    torch.set_num_threads(threads)
    return study(lesson, Diary(before, every, tell))


def options_of(shape: Shape) -> int | None:
    """How many options every item of a task has; None where items differ."""
    return {"nlp": len(shape.classes), "reward": 2}.get(shape.domain)


def _learn(lesson: Lesson, diary: Diary) -> Learned:
    clock = time.perf_counter()
    method = load_method(lesson.method, lesson.options)
    pupil = Pupil(lesson, method, options_of(lesson.shape), diary)
    try:
        method.learn(pupil, pupil.inputs)
        diary.close()
        fitted = time.perf_counter()
        answers = {part: pupil.answer(part) for part in lesson.answers}
    except UserError as error:
        if not error.where:
            error.where = f"method {type(method).__name__}"
        raise
    except (Exception, SystemExit) as error:
        raise raised(f"{_culprit(method, error)}()", error, method) from error
    return Learned(
        arrays=answers,
        greedy=_greedy(pupil, lesson.items["test"], torch.device(lesson.device)),
        epoch_loss=tuple(pupil.epoch_loss),
        curve=tuple(pupil.curve),
        adapter=adapter_of(pupil.model, Training(**lesson.training)),
        parameters=pupil.model.parameters_count,
        n_train=len(lesson.items[lesson.train]),
        fit_seconds=diary.earlier + fitted - clock,
        seconds=diary.earlier + time.perf_counter() - clock,
    )


def _culprit(method: Method, error: BaseException) -> str:
    """The method's own function in which the error arose."""
    file = inspect.getfile(type(method))
    inside = [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return inside[-1] if inside else "learn"


def _look(lesson: Lesson) -> Learned:
    """States or answers of the model as it is, before any fit."""
    clock = time.perf_counter()
    device = torch.device(lesson.device)
    model = build_model(lesson.model, lesson.shape, lesson.seed).to(device)
    look = _states if lesson.look == "states" else _prior
    found = {part: look(model, lesson, part, device) for part in lesson.answers}
    seconds = time.perf_counter() - clock
    return Learned(arrays=found, parameters=model.parameters_count, seconds=seconds)


def _states(model: Model, lesson: Lesson, part: str, device: torch.device) -> NDArray[np.float32]:
    found = all_states(model, encode(model, lesson.model, lesson.items[part]), device)
    if not bool(torch.isfinite(found).all()):
        raise FitFailed("hidden states that are not finite", expected="a model that computes numbers")
    return found.numpy()


def _prior(model: Model, lesson: Lesson, part: str, device: torch.device) -> NDArray[np.float32]:
    return torch.softmax(model.zero_shot(lesson.items[part]).float(), -1).cpu().numpy()


def _greedy(pupil: Pupil, items: list[Item], device: torch.device) -> NDArray[np.int64] | None:
    """Freely decoded answers as option indices, −1 for no option; None if the model does not generate."""
    answers = None if pupil.predictor else pupil.model.greedy(items, device)
    return None if answers is None else indices(answers, items)


def indices(answers: list[str], items: list[Item]) -> NDArray[np.int64]:
    """Where each answer stands among its item's options; −1 where it is none of them."""
    pairs = zip(items, answers, strict=True)
    return np.array([i.options.index(a) if a in i.options else -1 for i, a in pairs])
