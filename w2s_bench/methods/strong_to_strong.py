"""Strong-to-strong rounds: train a fresh student on the last student's answers, several times."""

from __future__ import annotations

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import RELABEL, WEAK, Inputs, Method, MethodCard, Student


class StrongToStrong(Method):
    """Round 1 trains on weak labels, each later round on the last student's answers, or on a mixture."""

    card = MethodCard(
        title="Strong-to-strong rounds",
        paper="EleutherAI/w2s (public code); born-again networks, Furlanello et al. 2018, arXiv 1805.04770",
        formula="t_1 = w; t_r = (1 − own)·w + own·s_{r−1}; L = CE(t_r, s_r)",
        checked="from the description of the public code, whose rounds differ in settings; ours do not",
        cost="rounds fits",
    )
    inputs = frozenset({WEAK, RELABEL})

    class Options(method.Options):
        """``rounds``: fits in all. ``own``: share of the student's answers in later targets."""

        rounds: int = Field(2, ge=1, le=10)
        own: float = Field(1.0, ge=0, le=1)

    def learn(self, student: Student, inputs: Inputs) -> None:
        """One fit for each round, from the pretrained weights."""
        own = self.options.own
        student.fit(inputs.weak)
        for _ in range(self.options.rounds - 1):
            student.fit((1 - own) * inputs.weak + own * student.predict())


METHOD = StrongToStrong
