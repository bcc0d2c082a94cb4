"""Oracle row: naive finetuning, returning the checkpoint with the best accuracy on a few gold labels."""

from __future__ import annotations

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import GOLD_BUDGET, WEAK, Inputs, Method, MethodCard, Student


class OracleEarlyStopping(Method):
    """Score the student on gold labels ``checks`` times an epoch and return the best checkpoint.

    The labels are of the teacher half, never of the transfer half or the test set. They still decide what is
    reported, so the row is marked as an oracle.
    """

    card = MethodCard(
        title="Early stopping on gold labels",
        paper="Burns et al. 2023, arXiv 2312.09390, an oracle there too",
        formula="θ* = argmax_t accuracy(s_θt, gold of n items)",
        checked="the paper marks it as cheating; where its labels come from was not checked",
    )
    kind = "oracle"
    inputs = frozenset({WEAK, GOLD_BUDGET})

    class Options(method.Options):
        """``labels``: number of gold labels. ``checks``: per epoch."""

        labels: int = Field(200, ge=1, le=100_000)
        checks: int = Field(5, ge=1, le=100)

    def budget(self) -> int:
        """Number of gold labels, from the options."""
        return int(self.options.labels)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, then restore the best checkpoint; the later of equals wins."""
        gold = inputs.budget.labels.argmax(-1)
        best, snapshot = -1.0, student.snapshot()

        def check(_: int) -> None:
            nonlocal best, snapshot
            accuracy = float((student.predict("budget").argmax(-1) == gold).float().mean())
            if accuracy >= best:
                best, snapshot = accuracy, student.snapshot()

        student.fit(inputs.weak, on_epoch=check, per_epoch=self.options.checks)
        student.restore(snapshot)


METHOD = OracleEarlyStopping
