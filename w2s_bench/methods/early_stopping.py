"""Early stopping: naive finetuning, stopped where held-out weak labels are met best."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import VALIDATION, WEAK, Change, Inputs, Method, MethodCard, Student


class EarlyStopping(Method):
    """Looks ``checks`` times an epoch and keeps the student that met the weak labels of the validation part
    best. No gold is looked at: ``oracle-early-stopping`` is the row that does."""

    card = MethodCard(
        title="Early stopping on weak labels",
        paper="Burns et al. 2023, arXiv 2312.09390, discusses early stopping; this is its form without gold",
        formula="v_t = −CE(w_V, s_θt) or 1[argmax s_θt = argmax w_V], item by item; θ* = the last t where "
        "mean(v_best − v_t) ≤ tolerance · its standard error, v_best the best mean up to t",
        checked="formula as given on the project's reference page; the paper's text was not read. The "
        "tolerance is our own: few noisy labels must not undo a training",
        cost="1 fit, and as many looks at the validation part as checks",
    )
    inputs = frozenset({WEAK, VALIDATION})

    class Options(method.Options):
        """``checks`` an epoch; ``by`` what to select; ``tolerance`` in standard errors of the difference, 0
        takes the best mean alone; ``patience``: checks in a row that were worse after which training ends,
        0 for never."""

        checks: int = Field(5, ge=1, le=100)
        by: Literal["cross-entropy", "agreement"] = "cross-entropy"
        tolerance: float = Field(1.0, ge=0, le=4)
        patience: int = Field(0, ge=0, le=100)

    def values(self, answers: Tensor, labels: Tensor) -> Tensor:
        """How well answers meet labels, both ``[V, O]``, for each item; larger is better."""
        if self.options.by == "agreement":
            return (answers.argmax(-1) == labels.argmax(-1)).double()
        return (labels * answers.double().clamp(min=1e-12).log()).sum(-1)

    def worse(self, values: Tensor, best: Tensor) -> bool:
        """Whether values ``[V]`` are below the best ones by more than chance explains."""
        gap = best - values
        error = float(gap.std(correction=0)) / len(gap) ** 0.5
        return float(gap.mean()) > self.options.tolerance * error

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, and back to its best moment; the later of equals wins."""
        labels = inputs.validation.labels
        best: Tensor | None = None
        kept, since = student.snapshot(), 0

        def look(check: int) -> Change | None:
            nonlocal best, kept, since
            values = self.values(student.predict("validation"), labels)
            if best is None or not self.worse(values, best):
                kept, since = student.snapshot(), 0
            else:
                since += 1
            if best is None or values.mean() > best.mean():
                best = values
            return Change(stop=True) if 0 < self.options.patience <= since else None

        student.fit(inputs.weak, on_epoch=look, per_epoch=self.options.checks)
        student.restore(kept)


METHOD = EarlyStopping
