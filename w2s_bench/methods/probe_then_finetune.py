"""Probe, then finetune: train the head alone first, then the whole student."""

from __future__ import annotations

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import WEAK, Inputs, Method, MethodCard, Student


class ProbeThenFinetune(Method):
    """Naive finetuning from a trained head, whose gradients distort the pretrained body less."""

    card = MethodCard(
        title="Probe, then finetune",
        paper="Kumar et al. 2022, arXiv 2202.10054 (linear probing, then finetuning); Burns et al. 2023, "
        "arXiv 2312.09390, probes",
        formula="φ_1 = argmin_φ CE(w, s_{θ0,φ}); then min_{θ,φ} CE(w, s_{θ,φ}) from (θ0, φ_1)",
        checked="formula from the project's reference page; the papers themselves were not read. The head "
        "is trained for epochs of the suite's optimiser instead of by a solver on cached features; the "
        "default of head_epochs was chosen on the toy problem of the contract tests",
        generalises="the head is what the model family trains on top: classes, or one scalar for each option",
        cost="1 fit and head_epochs of the head alone",
    )
    inputs = frozenset({WEAK})

    class Options(method.Options):
        """``head_epochs``: of the head alone. ``epochs``: of the whole student, None for the suite's."""

        head_epochs: int = Field(2, ge=1, le=50)
        epochs: int | None = Field(None, ge=1, le=50)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """Fit the head, then continue with all parameters."""
        student.fit(inputs.weak, head_only=True, epochs=self.options.head_epochs)
        student.fit(inputs.weak, fresh=False, epochs=self.options.epochs)


METHOD = ProbeThenFinetune
