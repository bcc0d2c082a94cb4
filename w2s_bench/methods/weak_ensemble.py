"""Weak ensemble (EnsemW2S): several teachers vote with AdaBoost weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from w2s_bench.method import TEACHERS, WEAK, Inputs, Method, MethodCard, Student


class WeakEnsemble(Method):
    """AdaBoost over a pool that is given: the best teacher first, then the one that is best on what the
    earlier ones got wrong. No gold of the transfer half exists, so their consensus tells what is wrong."""

    card = MethodCard(
        title="Ensemble of weak teachers (EnsemW2S)",
        paper="arXiv 2410.04571; SAMME, Zhu et al. 2009",
        formula="y = argmax mean_k w_k; D_i = 1/N; for each round: k = argmin ε_k, ε_k = Σ_i D_i 1[argmax "
        "w_ki ≠ "
        "y_i]; α_k = log((1 − ε_k)/ε_k) + log(c/(1 − c)), c = mean_i (1 − 1/O_i); D_i ∝ D_i e^{α_k "
        "1[wrong]}; "
        "t = Σ α_k w_k / Σ α_k",
        checked="formula as given on the project's reference page and SAMME's weights; the paper's text was "
        "not "
        "read. There teachers are trained in turn on labelled data; here they come trained and the consensus "
        "stands for gold",
        generalises="log(O − 1) of SAMME is log(c/(1 − c)), which is the same where all items have O options",
        cost="1 fit and the further teachers",
    )
    inputs = frozenset({WEAK, TEACHERS})

    def alphas(self, teachers: Tensor, mask: Tensor) -> Tensor:
        """Weights ``[K]`` of teachers ``[K, N, O]``, sum one. A teacher no better than guessing gets none;
        errors are smoothed by half an item, so that none is infinite."""
        count, n = teachers.shape[:2]
        wrong = (teachers.argmax(-1) != teachers.mean(0).argmax(-1)).double()
        chance = float((1 - 1 / mask.sum(-1).double()).mean())
        weights = torch.full((n,), 1 / n, dtype=torch.float64)
        alphas = torch.zeros(count, dtype=torch.float64)
        left = list(range(count))
        while left:
            errors = {k: (n * float(weights @ wrong[k]) + 0.5) / (n + 1) for k in left}
            k = min(left, key=lambda k: errors[k])
            left.remove(k)
            alphas[k] = max(0.0, math.log((1 - errors[k]) / errors[k]) + math.log(chance / (1 - chance)))
            weights = weights * torch.exp(alphas[k] * wrong[k])
            weights = weights / weights.sum()
        return alphas / alphas.sum() if float(alphas.sum()) > 0 else torch.full_like(alphas, 1 / count)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the weighted mean."""
        alphas = self.alphas(inputs.teachers, inputs.mask).to(inputs.teachers)
        student.fit(torch.einsum("k,kno->no", alphas, inputs.teachers))


METHOD = WeakEnsemble
