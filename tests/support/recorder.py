"""A student that trains nothing: it writes down what it is asked to learn and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from w2s_bench.method import RELABEL, WEAK, Inputs, Labelled


class Recorder:
    """``answers``: what ``predict("transfer")`` gives after the first fit, the second, …; the last of them
    from then on. ``looks``: how many times a fit's hook is called, unless it stops the fit."""

    def __init__(
        self, answers: Sequence[Tensor] = (), looks: int = 0, other: Callable[[int], Tensor] | None = None
    ) -> None:
        self.answers, self.looks, self.other = list(answers), looks, other
        self.fits: list[dict[str, Any]] = []
        self.looked, self.restored, self.twins = 0, -1, list[Recorder]()

    def fit(self, targets: Tensor, **how: Any) -> None:
        """Write it down, and call the hook."""
        assert torch.allclose(targets.sum(-1), torch.ones(len(targets)), atol=1e-5)
        self.fits.append({"targets": targets, **how})
        for look in range(self.looks if how.get("on_epoch") else 0):
            self.looked = look + 1
            change = how["on_epoch"](look)
            if change is not None and change.stop:
                break

    def predict(self, part: str = "transfer") -> Tensor:
        """As told."""
        if part != "transfer":
            assert self.other is not None
            return self.other(self.looked)
        return self.answers[min(len(self.fits), len(self.answers)) - 1]

    def snapshot(self) -> int:
        """How often the hook had been called."""
        return self.looked

    def restore(self, snapshot: int) -> None:
        """Write it down."""
        self.restored = snapshot

    def twin(self) -> Recorder:
        """Another one, with the same answers turned about."""
        self.twins.append(Recorder([a.flip(0) for a in self.answers]))
        return self.twins[-1]


def inputs(weak: Tensor, mask: Tensor | None = None, **given: Any) -> Inputs:
    """Inputs of these weak labels; two options or more are classes where no mask is given."""
    here = torch.ones_like(weak, dtype=torch.bool) if mask is None else mask
    return Inputs(
        weak=weak,
        mask=here,
        domain="nlp" if mask is None else "chess",
        options=weak.shape[1] if mask is None else None,
        seed=0,
        given=dict.fromkeys((WEAK, RELABEL)) | given,
    )


def labelled(labels: Tensor) -> Labelled:
    """A part where every option exists."""
    return Labelled(labels=labels, mask=torch.ones_like(labels, dtype=torch.bool))


def seconds(*shares: float) -> Tensor:
    """Two options: probabilities of the second."""
    return torch.tensor([[1 - s, s] for s in shares])
