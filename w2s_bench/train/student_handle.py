"""The student as a method handles it: fits, predictions, probes, snapshots. It knows no store and no gold.

Shapes: M rows of the training pool (N training items, then those of the gold budget), O options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from w2s_bench.errors import FitFailed
from w2s_bench.method import (
    GOLD_BUDGET,
    PRIOR,
    RELABEL,
    STATES,
    TEACHERS,
    VALIDATION,
    Change,
    Context,
    Hook,
    Inputs,
    Loss,
    Method,
    Predictor,
)
from w2s_bench.model import Batch, Model, build_model
from w2s_bench.suite import Training
from w2s_bench.train import student_inputs
from w2s_bench.train.batches import Step
from w2s_bench.train.checkpoint import Checkpoint, Snapshot
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit import (
    LANGUAGE_PARTS,
    check_finite,
    language_stage,
    method_loss,
    predict,
)
from w2s_bench.train.fit_request import BUDGET, TRANSFER, FitRequest
from w2s_bench.train.fsdp import load_into
from w2s_bench.train.hidden_states import head_parameters
from w2s_bench.train.loop import train
from w2s_bench.train.lora import adapt, changing
from w2s_bench.train.method_state import forgets

ROUND = 1_000_003  # apart in seed: each fit of a student sees its items in an order of its own
SUM = 1e-3  # how far a row of probabilities may be from one


@dataclass(slots=True)
class _Course:
    """What a running fit trains on; a hook may change it."""

    targets: Tensor
    weights: Tensor | None


class StudentHandle:
    """The handle of :class:`w2s_bench.student.Student`."""

    def __init__(
        self,
        request: FitRequest,
        method: Method,
        options: int | None,
        checkpoint: Checkpoint | None = None,
        offset: int = 0,
    ) -> None:
        self._lesson, self._method, self._options = request, method, options
        self._diary = checkpoint or Checkpoint()
        self._diary.remember(method)
        self._device = torch.device(request.device)
        self._seed = request.seed + offset
        self._encoded: dict[str, list[Any]] = {}
        self._fits = 0
        self.inputs: Inputs = student_inputs.inputs_of(request, method, options)
        self.model: Model = self._pretrained()
        self.predictor: Predictor | None = None
        self.epoch_loss: list[float] = []
        self.curve: list[tuple[float, NDArray[np.int64]]] = []  # share of the last fit, options picked [N]

    def _pretrained(self) -> Model:
        """A new model, after the language-model stage where the method has one."""
        training = Training(**self._lesson.training)
        model = adapt(build_model(self._lesson.model, self._lesson.shape, self._seed), training, self._seed)
        self._diary.follow(model, changing(model))
        if stage := self._lesson.stage:
            read = [i for part in LANGUAGE_PARTS for i in self._lesson.items[part]]
            encoded = encode(model, self._lesson.model, read)
            language_stage(model, encoded, stage, training, self._seed, self._device, self._diary)
        return model

    def _need(self, doing: str, *names: str) -> None:
        if not self._method.inputs.intersection(names):
            raise FitFailed(
                f"{doing} without declaring it",
                where=f"method {type(self._method).__name__}",
                expected="inputs that hold " + " or ".join(map(repr, names)),
            )

    def _known(self, part: str) -> str:
        """A part that methods may ask about: nothing is chosen, or trained, on test items."""
        if part not in (TRANSFER, VALIDATION, BUDGET):
            raise FitFailed(
                f"asks about the part {part!r}",
                where=self._name,
                expected=f"{TRANSFER!r}, {VALIDATION!r} or {BUDGET!r}: the test set is the benchmark's alone",
            )
        return part

    def _items(self, part: str) -> list[Any]:
        """Encoded items of a part of the lesson."""
        if part not in self._encoded:
            self._encoded[part] = encode(self.model, self._lesson.model, self._lesson.items[part])
        return self._encoded[part]

    def _part(self, part: str) -> list[Any]:
        """Encoded items of a part as methods name it."""
        here = student_inputs.cut(self._lesson, part)
        return list(here.of(self._items(here.part)))

    def _pool(self) -> list[Any]:
        return self._part(TRANSFER) + (self._part(BUDGET) if GOLD_BUDGET in self._method.inputs else [])

    def fit(
        self,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        items: Tensor | Sequence[int] | None = None,
        loss: Loss | None = None,
        epochs: int | None = None,
        fresh: bool = True,
        head_only: bool = False,
        on_epoch: Hook | None = None,
        per_epoch: int = 1,
    ) -> None:
        """See :meth:`w2s_bench.student.Student.fit`."""
        pool = self._pool()
        if len(targets) == len(self.inputs.mask):
            pool = pool[: len(targets)]  # a gold budget that this fit leaves out
        course = _Course(*self._checked(targets, weights, len(pool)))
        chosen = _rows(items, len(pool), self._name)
        if not forgets(loss, self._method):
            self._diary.stop()
        self._diary.agree("fit", course.targets, course.weights, torch.from_numpy(chosen))
        if on_epoch is not None:
            self._need("calls back between epochs", RELABEL, VALIDATION, GOLD_BUDGET)
        if fresh and self._fits:
            self.model = self._pretrained()
        training = Training(**self._lesson.training)
        if epochs is not None:
            training = training.model_copy(update={"epochs": epochs})
        with _trainable(self.model, head_only) as parameters:
            losses = train(
                self.model,
                [pool[i] for i in chosen],
                training,
                self._seed + ROUND * self._fits,
                self._device,
                self._loss(course, chosen, loss),
                parameters=parameters,
                after=self._watched(self._after(course, on_epoch, per_epoch), training),
                checkpoint=self._diary,
            )
        self._fits, self.predictor = self._fits + 1, None
        check_finite(losses, self._name)
        self.epoch_loss = [float(np.mean(epoch)) for epoch in losses]

    @property
    def _name(self) -> str:
        return f"method {type(self._method).__name__}"

    def _checked(self, targets: Tensor, weights: Tensor | None, rows: int) -> tuple[Tensor, Tensor | None]:
        """Targets and weights as they must be. Errors: FitFailed in the method's name."""
        mask = self._mask(targets, rows)
        check_distributions(targets, mask, "targets", self._name)
        if weights is not None and (weights.shape != (rows,) or not bool(torch.isfinite(weights).all())):
            raise FitFailed(
                f"weights of shape {tuple(weights.shape)}",
                where=self._name,
                expected=f"{rows} finite numbers",
            )
        return targets.detach().float().cpu(), None if weights is None else weights.detach().float().cpu()

    def _mask(self, targets: Tensor, rows: int) -> Tensor:
        """The pool's mask, or the training items' where targets leave the budget out."""
        masks = [self.inputs.mask]
        if rows > len(self.inputs.mask) and len(targets) == rows:
            masks.append(self.inputs.budget.mask)
        width = max(m.shape[1] for m in masks)
        return torch.cat([torch.nn.functional.pad(m, (0, width - m.shape[1])) for m in masks])

    def _loss(self, course: _Course, rows: NDArray[np.int64], own: Loss | None) -> Any:
        """The loss of a batch, with its targets and its context."""
        method = self._method if own is None else _with_loss(self._method, own)
        given = {n: v for n, v in self.inputs.given.items() if n in (TEACHERS, STATES, PRIOR)}

        def loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
            items, width = torch.from_numpy(rows[chosen]), batch.mask.shape[1]
            context = student_inputs.sliced(replace(context, options=self._options), items, given, width)
            if course.weights is not None:
                context = replace(context, weights=course.weights[items])
            weak = course.targets[items, :width].to(self._device)
            return method_loss(method, net(batch), weak, batch.mask, _moved(context, self._device))

        return loss

    def _after(self, course: _Course, hook: Hook | None, per_epoch: int) -> Callable[[Step], bool]:
        """Calls the hook ``per_epoch`` times an epoch, and takes over what it wants changed."""
        rows = len(course.targets)

        def after(turn: Step) -> bool:
            if hook is None or (called := turn.mark(per_epoch)) is None:
                return False
            change = hook(called)
            self.model.train()
            change = Change(targets=change) if isinstance(change, Tensor) else change or Change()
            if change.targets is not None:
                course.targets, _ = self._checked(change.targets, None, rows)
            if change.weights is not None:
                _, course.weights = self._checked(course.targets, change.weights, rows)
            return change.stop

        return after

    def _watched(self, after: Callable[[Step], bool], training: Training) -> Callable[[Step], bool]:
        """Notes what the student picks on the test set, ``training.curve`` times an epoch."""
        self.curve = []

        def both(turn: Step) -> bool:
            if turn.mark(training.curve) is not None:
                picked = self._diary.ask("curve", lambda: self._predict(self._items("test")).argmax(1))
                self.model.train()
                self.curve.append((turn.share, picked))
            return after(turn)

        return both if training.curve else after

    def predict(self, part: str = TRANSFER) -> Tensor:
        """See :meth:`w2s_bench.student.Student.predict`."""
        needs = {"validation": (VALIDATION,), "budget": (GOLD_BUDGET,)}
        self._need("asks for its own predictions", *needs.get(part, (RELABEL, VALIDATION, GOLD_BUDGET)))
        encoded = self._part(self._known(part))
        return torch.from_numpy(self._diary.ask("predict", lambda: self._answer(encoded, part)))

    def _predict(self, encoded: list[Any]) -> NDArray[np.float32]:
        return predict(self.model, encoded, self._device)

    def _answer(self, encoded: list[Any], part: str) -> NDArray[np.float32]:
        here = student_inputs.cut(self._lesson, part)
        if self.predictor is None:
            found = self._predict(encoded)
            width = max(len(i.options) for i in self._lesson.items[here.part])
            return np.pad(found, ((0, 0), (0, width - found.shape[1])))
        view = student_inputs.view_of(self._lesson, self._method, here.part)
        return _probed(self.predictor, view, self._name)[here.rows]

    def answer(self, part: str) -> NDArray[np.float32]:
        """Final probabilities ``[N, O]`` of a whole part of the lesson; not for methods."""
        if self.predictor is None:
            return self._predict(self._items(part))
        return _probed(self.predictor, student_inputs.view_of(self._lesson, self._method, part), self._name)

    def states(self, part: str = TRANSFER) -> Tensor:
        """See :meth:`w2s_bench.student.Student.states`."""
        self._need("asks for hidden states", STATES)
        return student_inputs.rows_of(self._lesson, self._lesson.states, self._known(part))

    def prior(self, part: str = TRANSFER) -> Tensor:
        """See :meth:`w2s_bench.student.Student.prior`."""
        self._need("asks for the zero-shot prior", PRIOR)
        return student_inputs.rows_of(self._lesson, self._lesson.prior, self._known(part))

    def use_probe(self, predictor: Predictor) -> None:
        """See :meth:`w2s_bench.student.Student.use_probe`."""
        self.predictor = predictor

    def snapshot(self) -> object:
        """See :meth:`w2s_bench.student.Student.snapshot`."""
        weights = self.model.state_dict() if self._diary.live else {}
        copied = {name: value.detach().to("cpu", copy=True) for name, value in weights.items()}
        snapshot = Snapshot(copied, self.predictor)
        self._diary.follow(snapshot)
        return snapshot

    def restore(self, snapshot: object) -> None:
        """See :meth:`w2s_bench.student.Student.restore`."""
        assert isinstance(snapshot, Snapshot)
        self.predictor = snapshot.predictor
        if self._diary.live:
            load_into(self.model, snapshot.weights)

    def twin(self) -> StudentHandle:
        """See :meth:`w2s_bench.student.Student.twin`."""
        return StudentHandle(self._lesson, self._method, self._options, self._diary, offset=7919)


@contextmanager
def _trainable(model: Model, head_only: bool) -> Iterator[list[torch.nn.Parameter] | None]:
    """The parameters to train, None for all; the others take no gradient meanwhile."""
    if not head_only:
        yield None
        return
    head = head_parameters(model)
    ids = set(map(id, head))
    frozen = [p for p in model.parameters() if p.requires_grad and id(p) not in ids]
    for p in frozen:
        p.requires_grad_(False)
    try:
        yield head
    finally:
        for p in frozen:
            p.requires_grad_(True)


def check_distributions(values: Any, mask: Tensor, what: str, where: str) -> None:
    """Rows that are distributions over the options of their items. Errors: FitFailed."""
    if not isinstance(values, Tensor) or values.shape != mask.shape:
        got = f"shape {tuple(values.shape)}" if isinstance(values, Tensor) else type(values).__name__
        raise FitFailed(f"{what} of {got}", where=where, expected=f"a tensor of shape {tuple(mask.shape)}")
    values = values.detach().cpu()
    if not bool(torch.isfinite(values).all()):
        raise FitFailed(f"{what} that are not finite", where=where, expected="probabilities")
    if bool((values < -SUM).any()) or bool((values[~mask].abs() > SUM).any()):
        raise FitFailed(
            f"{what} below zero, or above it where there is no option", where=where, expected="probabilities"
        )
    sums = values.sum(-1)
    if bool(((sums - 1).abs() > SUM).any()):
        worst = int((sums - 1).abs().argmax())
        raise FitFailed(
            f"{what} do not sum to one: row {worst} sums to {float(sums[worst]):.4g}",
            where=where,
            expected="a probability for each option",
        )


def _rows(items: Tensor | Sequence[int] | None, rows: int, where: str) -> NDArray[np.int64]:
    """Rows of the pool to train on; a mask of booleans is taken too."""
    if items is None:
        return np.arange(rows)
    found = torch.as_tensor(items)
    found = found.nonzero().flatten() if found.dtype == torch.bool else found.long()
    if not len(found) or int(found.min()) < 0 or int(found.max()) >= rows:
        raise FitFailed(
            "no item is chosen, or one beyond the pool", where=where, expected=f"rows below {rows}"
        )
    return found.numpy()


def _probed(predictor: Predictor, view: Any, where: str) -> NDArray[np.float32]:
    with torch.no_grad():
        found = predictor(view)
    check_distributions(found, view.mask, "predictions", where)
    return found.float().cpu().numpy()


def _with_loss(method: Method, own: Loss) -> Any:
    """The method's name with another loss, for errors that name it."""
    return type(type(method).__name__, (), {"loss": staticmethod(own)})()


def _moved(context: Context, device: torch.device) -> Context:
    if device.type == "cpu":
        return context
    moved = {name: value.to(device) for name, value in context.given.items()}
    weights = None if context.weights is None else context.weights.to(device)
    return replace(context, given=moved, weights=weights)
