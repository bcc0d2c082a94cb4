"""Oracle row: naive finetuning, stopped where a few gold labels of the teacher half agree most."""

from __future__ import annotations

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import GOLD_BUDGET, WEAK, Inputs, Method, MethodCard, Student


class OracleEarlyStopping(Method):
    """Looks ``checks`` times an epoch and keeps the student that was right most often.

    Gold is of the teacher half: no label of the transfer half or of the test set is seen, and yet gold
    decides, which no method without it may claim.
    """

    card = MethodCard(
        title="Early stopping on gold labels",
        paper="Burns et al. 2023, arXiv 2312.09390, an oracle there too",
        formula="θ* = argmax_t accuracy(s_θt, gold of n items)",
        checked="the paper marks it as cheating; where its labels come from there was not checked",
    )
    kind = "oracle"
    inputs = frozenset({WEAK, GOLD_BUDGET})

    class Options(method.Options):
        """``labels``: how many gold labels; ``checks`` an epoch."""

        labels: int = Field(200, ge=1, le=100_000)
        checks: int = Field(5, ge=1, le=100)

    def budget(self) -> int:
        """As the option says."""
        return int(self.options.labels)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit, and back to its best moment; the later of equals wins."""
        gold = inputs.budget.labels.argmax(-1)
        best, kept = -1.0, student.snapshot()

        def look(check: int) -> None:
            nonlocal best, kept
            right = float((student.predict("budget").argmax(-1) == gold).float().mean())
            if right >= best:
                best, kept = right, student.snapshot()

        student.fit(inputs.weak, on_epoch=look, per_epoch=self.options.checks)
        student.restore(kept)


METHOD = OracleEarlyStopping
