"""The handle through which methods fit, query and restore the model. It has no access to a store.

Teachers and ceilings are fitted through the same handle; their requests hold gold labels.
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
from w2s_bench.train.batches import Step
from w2s_bench.train.checkpoint import Checkpoint, Snapshot
from w2s_bench.train.encoding_cache import encode
from w2s_bench.train.fit_request import BUDGET, LANGUAGE_PARTS, TRANSFER, FitRequest
from w2s_bench.train.fsdp import load_into
from w2s_bench.train.loop import train
from w2s_bench.train.lora import adapt, changing
from w2s_bench.train.method_checks import (
    check_distributions,
    check_finite,
    check_weights,
    checked_loss,
    name_of,
    probe_predictions,
    training_rows,
)
from w2s_bench.train.method_state import resumable
from w2s_bench.train.micro_batches import by_items
from w2s_bench.train.predict import predict
from w2s_bench.train.student_inputs import batch_context, inputs_of, part_rows, rows_of, view_of

ROUND = 1_000_003  # between the seeds of a student's fits, so that each has its own order of items
TWIN = 7919  # between the seeds of a student and its twin


@dataclass(slots=True)
class _Targets:
    """Targets ``[M, O]`` and weights ``[M]`` of a running fit; a hook may change them."""

    targets: Tensor
    weights: Tensor | None


class StudentHandle:
    """The handle of :class:`w2s_bench.student.Student`. ``offset`` is added to the request's seed."""

    def __init__(
        self, request: FitRequest, method: Method, checkpoint: Checkpoint | None = None, offset: int = 0
    ) -> None:
        self._request, self._method = request, method
        self._checkpoint = checkpoint or Checkpoint()
        self._checkpoint.remember(method)
        self._training = Training(**request.training)
        self._device = torch.device(request.device)
        self._seed = request.seed + offset
        self._encoded: dict[str, list[Any]] = {}
        self._fits = 0
        self.inputs: Inputs = inputs_of(request, method)
        self.model: Model = self._pretrained()
        self.predictor: Predictor | None = None
        self.epoch_loss: list[float] = []
        self.curve: list[tuple[float, NDArray[np.int64]]] = []  # share of the last fit, options picked [N]

    def _pretrained(self) -> Model:
        """A new model, after the language-model stage where the method has one."""
        request, training, seed = self._request, self._training, self._seed
        model = adapt(build_model(request.model, request.shape, seed), training, seed)
        self._checkpoint.follow(model, changing(model))
        if stage := request.stage:
            items = [item for part in LANGUAGE_PARTS for item in request.items[part]]
            rate = training.learning_rate * stage["rate"]
            training = training.model_copy(update={"epochs": stage["epochs"], "learning_rate": rate})
            losses = train(
                model,
                encode(model, request.model, items),
                training,
                seed,
                self._device,
                lambda net, batch, rows, context: model.language_loss(batch),
                backward=by_items,
                checkpoint=self._checkpoint,
            )
            check_finite(losses, "language modelling of the inputs")
        return model

    def _require(self, action: str, *inputs: str) -> None:
        """Check that the method declares one of these inputs. Errors: FitFailed."""
        if not self._method.inputs.intersection(inputs):
            raise FitFailed(
                f"{action} without declaring it",
                where=self._name,
                expected="inputs that hold " + " or ".join(map(repr, inputs)),
            )

    def _askable(self, part: str) -> str:
        """Check that methods may query a part: never the test set. Errors: FitFailed."""
        if part not in (TRANSFER, VALIDATION, BUDGET):
            raise FitFailed(
                f"asks about the part {part!r}",
                where=self._name,
                expected=f"{TRANSFER!r}, {VALIDATION!r} or {BUDGET!r}: the test set is the benchmark's alone",
            )
        return part

    def _items(self, part: str) -> list[Any]:
        """Encoded items of a whole part of the request."""
        if part not in self._encoded:
            self._encoded[part] = encode(self.model, self._request.model, self._request.items[part])
        return self._encoded[part]

    def _part(self, part: str) -> list[Any]:
        """Encoded items of a part, without the rows that this method does not see."""
        rows = part_rows(self._request, part)
        return rows.of_list(self._items(rows.part))

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
        pool = self._part(TRANSFER)
        if GOLD_BUDGET in self._method.inputs and len(targets) != len(pool):
            pool += self._part(BUDGET)  # a fit whose targets have no rows for it leaves the budget out
        given = _Targets(*self._checked(targets, weights, len(pool)))
        rows = training_rows(items, len(pool), self._name)
        if not resumable(loss, self._method):
            self._checkpoint.stop()
        self._checkpoint.agree("fit", given.targets, given.weights, torch.from_numpy(rows))
        if on_epoch is not None:
            self._require("calls back between epochs", RELABEL, VALIDATION, GOLD_BUDGET)
        if fresh and self._fits:
            self.model = self._pretrained()
        training = self._training
        if epochs is not None:
            training = training.model_copy(update={"epochs": epochs})
        with _trainable(self.model, head_only) as parameters:
            losses = train(
                self.model,
                [pool[i] for i in rows],
                training,
                self._seed + ROUND * self._fits,
                self._device,
                self._batch_loss(given, rows, loss or self._method.loss),
                parameters=parameters,
                after=self._with_curve(self._after_step(given, on_epoch, per_epoch), training),
                checkpoint=self._checkpoint,
            )
        self._fits, self.predictor = self._fits + 1, None
        check_finite(losses, self._name)
        self.epoch_loss = [float(np.mean(epoch)) for epoch in losses]

    @property
    def _name(self) -> str:
        return name_of(self._method)

    def _checked(self, targets: Tensor, weights: Tensor | None, rows: int) -> tuple[Tensor, Tensor | None]:
        """Targets and weights on the CPU, in single precision. Errors: FitFailed."""
        check_distributions(targets, self._pool_mask(targets, rows), "targets", self._name)
        if weights is None:
            return targets.detach().float().cpu(), None
        check_weights(weights, rows, self._name)
        return targets.detach().float().cpu(), weights.detach().float().cpu()

    def _pool_mask(self, targets: Tensor, rows: int) -> Tensor:
        """Mask ``[M, O]`` of the pool, or of the training items if targets leave the budget out."""
        masks = [self.inputs.mask]
        if rows > len(self.inputs.mask) and len(targets) == rows:
            masks.append(self.inputs.budget.mask)
        width = max(m.shape[1] for m in masks)
        return torch.cat([torch.nn.functional.pad(m, (0, width - m.shape[1])) for m in masks])

    def _batch_loss(self, given: _Targets, rows: NDArray[np.int64], loss: Loss) -> Any:
        """The loss function of the fit loop: selects a batch's targets and inputs for the method's loss."""
        declared = {n: v for n, v in self.inputs.given.items() if n in (TEACHERS, STATES, PRIOR)}

        def batch_loss(net: Any, batch: Batch, chosen: NDArray[np.int64], context: Context) -> Tensor:
            items, width = torch.from_numpy(rows[chosen]), batch.mask.shape[1]
            weights = None if given.weights is None else given.weights[items]
            context = replace(context, options=self.inputs.options, weights=weights)
            context = batch_context(context, items, declared, width)
            targets = given.targets[items, :width].to(self._device)
            context = _on_device(context, self._device)
            return checked_loss(self._method, loss, net(batch), targets, batch.mask, context)

        return batch_loss

    def _after_step(self, given: _Targets, hook: Hook | None, per_epoch: int) -> Callable[[Step], bool]:
        """A callback of the fit loop: calls the hook ``per_epoch`` times an epoch and applies its changes."""
        rows = len(given.targets)

        def after(step: Step) -> bool:
            if hook is None or (mark := step.mark(per_epoch)) is None:
                return False
            change = hook(mark)
            self.model.train()
            change = Change(targets=change) if isinstance(change, Tensor) else change or Change()
            if change.targets is not None:
                given.targets, _ = self._checked(change.targets, None, rows)
            if change.weights is not None:
                _, given.weights = self._checked(given.targets, change.weights, rows)
            return change.stop

        return after

    def _with_curve(self, after: Callable[[Step], bool], training: Training) -> Callable[[Step], bool]:
        """``after``, but also recording the picked test options ``training.curve`` times an epoch."""
        self.curve = []

        def both(step: Step) -> bool:
            if step.mark(training.curve) is not None:
                picked = self._checkpoint.ask("curve", lambda: self._predict(self._items("test")).argmax(1))
                self.model.train()
                self.curve.append((step.share, picked))
            return after(step)

        return both if training.curve else after

    def predict(self, part: str = TRANSFER) -> Tensor:
        inputs = {"validation": (VALIDATION,), "budget": (GOLD_BUDGET,)}
        self._require("asks for its own predictions", *inputs.get(part, (RELABEL, VALIDATION, GOLD_BUDGET)))
        encoded = self._part(self._askable(part))
        answer = self._checkpoint.ask("predict", lambda: self._part_answer(encoded, part))
        return torch.from_numpy(answer)

    def _predict(self, encoded: list[Any]) -> NDArray[np.float32]:
        return predict(self.model, encoded, self._device)

    def _part_answer(self, encoded: list[Any], part: str) -> NDArray[np.float32]:
        """Probabilities of the rows that methods see, as wide as the widest item of the whole part."""
        rows = part_rows(self._request, part)
        if self.predictor is not None:
            return rows.of_array(self.answer(rows.part))
        answer = self._predict(encoded)
        width = max(len(item.options) for item in self._request.items[rows.part])
        return np.pad(answer, ((0, 0), (0, width - answer.shape[1])))

    def answer(self, part: str) -> NDArray[np.float32]:
        """Final probabilities ``[N, O]`` of a whole part of the request; methods do not call this."""
        if self.predictor is None:
            return self._predict(self._items(part))
        return probe_predictions(self.predictor, view_of(self._request, self._method, part), self._name)

    def states(self, part: str = TRANSFER) -> Tensor:
        self._require("asks for hidden states", STATES)
        return rows_of(self._request, self._request.states, self._askable(part))

    def prior(self, part: str = TRANSFER) -> Tensor:
        self._require("asks for the zero-shot prior", PRIOR)
        return rows_of(self._request, self._request.prior, self._askable(part))

    def use_probe(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def snapshot(self) -> object:
        weights = self.model.state_dict() if self._checkpoint.live else {}
        copied = {name: value.detach().to("cpu", copy=True) for name, value in weights.items()}
        snapshot = Snapshot(copied, self.predictor)
        self._checkpoint.follow(snapshot)
        return snapshot

    def restore(self, snapshot: object) -> None:
        assert isinstance(snapshot, Snapshot)
        self.predictor = snapshot.predictor
        if self._checkpoint.live:
            load_into(self.model, snapshot.weights)

    def twin(self) -> StudentHandle:
        return StudentHandle(self._request, self._method, self._checkpoint, offset=TWIN)


@contextmanager
def _trainable(model: Model, head_only: bool) -> Iterator[list[torch.nn.Parameter] | None]:
    """Freeze all but the head while the context is open; yields the parameters to train, None for all."""
    head = list(model.head_parameters()) if head_only else None
    trained = {id(p) for p in (model.parameters() if head is None else head)}
    frozen = [p for p in model.parameters() if p.requires_grad and id(p) not in trained]
    for parameter in frozen:
        parameter.requires_grad_(False)
    try:
        yield head
    finally:
        for parameter in frozen:
            parameter.requires_grad_(True)


def _on_device(context: Context, device: torch.device) -> Context:
    if device.type == "cpu":
        return context
    given = {name: value.to(device) for name, value in context.given.items()}
    weights = None if context.weights is None else context.weights.to(device)
    return replace(context, given=given, weights=weights)
