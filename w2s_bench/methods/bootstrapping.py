"""Bootstrapping: hand the labels upwards through students of intermediate size."""

from w2s_bench.method import LADDER, WEAK, Method, MethodCard


class Bootstrapping(Method):
    """Naive finetuning at every rung between teacher and student; each rung labels for the next.

    With fresh parts in the split (``hops``) each rung trains on inputs of its own; without them it
    trains on the transfer half, and is then the very job that naive runs at that size.
    """

    card = MethodCard(
        title="Bootstrapping through intermediate sizes",
        paper="Burns et al. 2023, arXiv 2312.09390",
        formula="M1 → M2 → … → Mk: labels of M_i train M_{i+1} with CE(w, s)",
        checked="fresh data for each hop as in the chess experiments, where the suite draws it",
    )
    inputs = frozenset({WEAK, LADDER})
    fits_as = "naive"


METHOD = Bootstrapping
