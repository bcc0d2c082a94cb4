"""Weak ensemble (EnsemW2S): combine several teachers with AdaBoost weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from w2s_bench.method import GOLD_BUDGET, TEACHERS, WEAK, Inputs, Method, MethodCard, Student

LABELS = 100


class WeakEnsemble(Method):
    """AdaBoost over a given set of teachers.

    The best teacher is taken first, then the one that is best on what the earlier ones got wrong. What is
    wrong is decided by gold labels of the teacher half, which the teachers were trained on themselves.
    """

    card = MethodCard(
        title="Ensemble of weak teachers (EnsemW2S)",
        paper="arXiv 2410.04571; SAMME, Zhu et al. 2009",
        formula="y = gold of n items of the teacher half; D_i = 1/n; for each round: k = argmin ε_k, "
        "ε_k = Σ_i D_i 1[argmax w_ki ≠ y_i]; α_k = log((1 − ε_k)/ε_k) + log(c/(1 − c)), "
        "c = mean_i (1 − 1/O_i); D_i ∝ D_i e^{α_k 1[wrong]}; t = Σ α_k w_k / Σ α_k",
        checked="formula from the project's reference page, with SAMME's weights; the paper itself was not "
        "read. There teachers are trained in turn on reweighted data; here they are given",
        generalises="log(O − 1) of SAMME is log(c/(1 − c)), which is equal if all items have O options",
        cost="1 fit and the other teachers",
    )
    version = 2
    inputs = frozenset({WEAK, TEACHERS, GOLD_BUDGET})

    def budget(self) -> int:
        """How many gold labels of the teacher half weigh the teachers."""
        return LABELS

    def alphas(self, teachers: Tensor, gold: Tensor, mask: Tensor) -> Tensor:
        """Weights ``[K]``, which sum to 1, from answers ``teachers [K, n, O]`` to items with ``gold [n, O]``.

        A teacher no better than guessing gets 0. Errors are smoothed by half an item, so that no weight is
        infinite.
        """
        count, n = teachers.shape[:2]
        wrong = (teachers.argmax(-1) != gold.argmax(-1)).double()
        chance = float((1 - 1 / mask.sum(-1).double()).mean())
        weights = torch.full((n,), 1 / n, dtype=torch.float64)
        alphas = torch.zeros(count, dtype=torch.float64)
        remaining = list(range(count))
        while remaining:
            errors = {k: (n * float(weights @ wrong[k]) + 0.5) / (n + 1) for k in remaining}
            k = min(remaining, key=lambda k: errors[k])
            remaining.remove(k)
            alphas[k] = max(0.0, math.log((1 - errors[k]) / errors[k]) + math.log(chance / (1 - chance)))
            weights = weights * torch.exp(alphas[k] * wrong[k])
            weights = weights / weights.sum()
        return alphas / alphas.sum() if float(alphas.sum()) > 0 else torch.full_like(alphas, 1 / count)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the teachers' weighted mean."""
        alphas = self.alphas(inputs.budget_teachers, inputs.budget.labels, inputs.budget.mask)
        student.fit(torch.einsum("k,kno->no", alphas.to(inputs.teachers), inputs.teachers))


METHOD = WeakEnsemble
