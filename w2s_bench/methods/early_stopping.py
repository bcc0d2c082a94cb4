"""Early stopping: naive finetuning, returning the checkpoint that best fits held-out weak labels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import VALIDATION, WEAK, Change, Inputs, Method, MethodCard, Student


class EarlyStopping(Method):
    """Score the student on held-out weak labels ``checks`` times an epoch and return the best checkpoint.

    Gold labels are not used; ``oracle-early-stopping`` is the row that uses them.
    """

    card = MethodCard(
        title="Early stopping on weak labels",
        paper="Burns et al. 2023, arXiv 2312.09390, discusses early stopping; this is its form without gold",
        formula="v_t = −CE(w_V, s_θt) or 1[argmax s_θt = argmax w_V], item by item; θ* = the last t where "
        "mean(v_best − v_t) ≤ tolerance · its standard error, v_best the best mean up to t",
        checked="formula from the project's reference page; the paper itself was not read. The tolerance "
        "is ours: a few noisy labels must not discard most of the training",
        cost="1 fit, and one pass over the validation part for each check",
    )
    inputs = frozenset({WEAK, VALIDATION})

    class Options(method.Options):
        """``checks``: per epoch. ``by``: the score to select by. ``tolerance``: in standard errors of the
        difference; 0 selects the best mean. ``patience``: training ends after so many worse checks in a
        row; 0 for never."""

        checks: int = Field(5, ge=1, le=100)
        by: Literal["cross-entropy", "agreement"] = "cross-entropy"
        tolerance: float = Field(1.0, ge=0, le=4)
        patience: int = Field(0, ge=0, le=100)

    def values(self, answers: Tensor, labels: Tensor) -> Tensor:
        """Score ``[V]`` of answers against labels, both ``[V, O]``; larger is better."""
        if self.options.by == "agreement":
            return (answers.argmax(-1) == labels.argmax(-1)).double()
        return (labels * answers.double().clamp(min=1e-12).log()).sum(-1)

    def worse(self, values: Tensor, best: Tensor) -> bool:
        """Whether the mean of ``values [V]`` is below that of ``best`` by more than the tolerance."""
        gap = best - values
        error = float(gap.std(correction=0)) / len(gap) ** 0.5
        return float(gap.mean()) > self.options.tolerance * error

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, then restore the best checkpoint; the later of equals wins."""
        labels = inputs.validation.labels
        best: Tensor | None = None
        snapshot, worse_checks = student.snapshot(), 0

        def check(_: int) -> Change | None:
            nonlocal best, snapshot, worse_checks
            values = self.values(student.predict("validation"), labels)
            if best is None or not self.worse(values, best):
                snapshot, worse_checks = student.snapshot(), 0
            else:
                worse_checks += 1
            if best is None or values.mean() > best.mean():
                best = values
            return Change(stop=True) if 0 < self.options.patience <= worse_checks else None

        student.fit(inputs.weak, on_epoch=check, per_epoch=self.options.checks)
        student.restore(snapshot)


METHOD = EarlyStopping
