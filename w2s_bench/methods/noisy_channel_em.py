"""Noisy-channel EM: treat weak labels as a noisy copy of the latent right answer."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from w2s_bench import method
from w2s_bench.method import PRIOR, RELABEL, WEAK, Inputs, Method, MethodCard, Student

SMALL = 1e-6  # lower bound on probabilities, so that logarithms are finite


class NoisyChannelEm(Method):
    """Estimate how the teacher errs, and train the student on the posterior of the right answer.

    The student's answers are the prior, and a confusion matrix (the channel) is the likelihood of the weak
    label. EM estimates both posterior and channel; the trained student is the prior of the next round.
    """

    card = MethodCard(
        title="Noisy-channel EM",
        paper="none: proposed on the project's reference page; Dawid and Skene 1979 for the channel",
        formula="q_i(y) ∝ s(y|x_i)^trust · Π_o C(o|y)^{w_io}; C(o|y) ∝ pseudo·C_0(o|y) + Σ_i q_i(y)·w_io, "
        "C_0 = accuracy on the diagonal; ``steps`` of both, then s: CE(q, s); round 1 takes the zero-shot s",
        checked="formula from the project's reference page, derived by hand; no published source",
        generalises="classes and pairs: C has a row for each option. Legal moves: one number, the "
        "probability that the teacher's option is right; the other options share the rest evenly",
        cost="rounds fits",
    )
    inputs = frozenset({WEAK, PRIOR, RELABEL})

    class Options(method.Options):
        """``rounds``: of student fits. ``accuracy``: of the initial channel. ``pseudo``: number of items that
        the initial channel counts as. ``trust``: power of the student's answers. ``steps``: of EM a round."""

        rounds: int = Field(2, ge=1, le=5)
        accuracy: float = Field(0.8, gt=0, lt=1)
        pseudo: float = Field(50.0, ge=0, le=1000)
        trust: float = Field(0.5, ge=0, le=2)
        steps: int = Field(10, ge=1, le=100)

    def posterior(self, prior: Tensor, weak: Tensor, mask: Tensor, classes: bool) -> Tensor:
        """Posterior q ``[N, O]`` after ``steps`` of EM; ``classes``: whether items share their options."""
        log_prior = self.options.trust * prior.clamp(min=SMALL).log()
        channel = self.start(weak.shape[1]) if classes else torch.tensor(self.options.accuracy)
        posterior = weak
        for _ in range(self.options.steps):
            evidence = weak @ channel.log().T if classes else self.moves(channel, weak, mask)
            posterior = torch.softmax((log_prior + evidence).masked_fill(~mask, -torch.inf), -1)
            channel = self.channel(posterior, weak, classes)
        return posterior

    def start(self, width: int) -> Tensor:
        """The initial channel C_0 ``[O, O]``: row y is the distribution of labels if y is right."""
        off = (1 - self.options.accuracy) / (width - 1)
        return torch.full((width, width), off).fill_diagonal_(self.options.accuracy)

    def moves(self, right: Tensor, weak: Tensor, mask: Tensor) -> Tensor:
        """Σ_o w_o log C(o|y) ``[N, O]`` if the teacher is right with probability ``right`` and its errors
        are spread evenly over the other options."""
        others = (mask.sum(-1, keepdim=True) - 1).clamp(min=1)
        return weak * right.log() + (1 - weak) * ((1 - right) / others).log()

    def channel(self, posterior: Tensor, weak: Tensor, classes: bool) -> Tensor:
        """The most likely channel given the posterior, with the initial channel as pseudo-counts."""
        pseudo, accuracy = self.options.pseudo, self.options.accuracy
        if not classes:
            right = (pseudo * accuracy + (posterior * weak).sum()) / (pseudo + len(weak))
            return right.clamp(SMALL, 1 - SMALL)
        counts = pseudo * self.start(weak.shape[1]) + posterior.T @ weak + SMALL
        return counts / counts.sum(-1, keepdim=True)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit on the posterior for each round."""
        prior = inputs.prior
        for r in range(self.options.rounds):
            if r:
                prior = student.predict()
            student.fit(self.posterior(prior, inputs.weak, inputs.mask, inputs.options is not None))


METHOD = NoisyChannelEm
