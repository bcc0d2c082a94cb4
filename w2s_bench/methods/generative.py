"""Generative finetuning: language modelling on the task's inputs first, then naive finetuning."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import UNLABELED, WEAK, Method, MethodCard


class Generative(Method):
    """One stage on the inputs of both halves, labels unseen, for teacher, student and ceiling alike.

    Models without a language-model loss (bag of words, board networks) skip the stage.
    """

    card = MethodCard(
        title="Generative finetuning",
        paper="Burns et al. 2023, arXiv 2312.09390",
        formula="min −log p(x) over inputs x, then L = CE(w, s)",
        checked="given to the weak supervisor and to the ceiling too, as in the paper; amounts are our own",
    )
    inputs = frozenset({WEAK, UNLABELED})
    fits_as = "naive"

    class Options(method.Options):
        """``epochs`` over the inputs, and the ``rate`` that multiplies a model's learning rate there."""

        epochs: Annotated[int, Field(ge=1)] = 1
        rate: Annotated[float, Field(gt=0)] = 1.0

    def stage(self) -> dict[str, Any]:
        """The options."""
        return {"epochs": self.options.epochs, "rate": self.options.rate}


METHOD = Generative
