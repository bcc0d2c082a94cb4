"""Generative finetuning: language modelling on the task's inputs first, then naive finetuning."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from w2s_bench import method
from w2s_bench.method import UNLABELED, WEAK, Method, MethodCard


class Generative(Method):
    """Add one stage of language modelling on the inputs of both halves, without labels.

    Teacher, student and ceiling all get it, so that it adds no gap of its own. Models without a
    language-model loss (bag of words, board networks) skip the stage.
    """

    card = MethodCard(
        title="Generative finetuning",
        paper="Burns et al. 2023, arXiv 2312.09390",
        formula="min −log p(x) over inputs x, then L = CE(w, s)",
        checked="given to the weak supervisor and the ceiling too, as in the paper; the amounts are ours",
    )
    inputs = frozenset({WEAK, UNLABELED})
    fits_as = "naive"

    class Options(method.Options):
        """``epochs``: over the inputs. ``rate``: factor on the model's learning rate in this stage."""

        epochs: Annotated[int, Field(ge=1)] = 1
        rate: Annotated[float, Field(gt=0)] = 1.0

    def stage(self) -> dict[str, Any]:
        """Epochs and learning-rate factor of the stage, from the options."""
        return {"epochs": self.options.epochs, "rate": self.options.rate}


METHOD = Generative
