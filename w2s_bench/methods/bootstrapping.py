"""Bootstrapping: pass labels from teacher to student through models of intermediate size."""

from w2s_bench.method import LADDER, WEAK, Method, MethodCard


class Bootstrapping(Method):
    """Naive finetuning at every size between teacher and student; each model labels data for the next.

    If the split has parts for it (``hops``), each model trains on inputs of its own. Otherwise it trains
    on the transfer half, and is the same job that naive runs at that size.
    """

    card = MethodCard(
        title="Bootstrapping through intermediate sizes",
        paper="Burns et al. 2023, arXiv 2312.09390",
        formula="M1 → M2 → … → Mk: labels of M_i train M_{i+1} with CE(w, s)",
        checked="fresh data for each hop, as in the paper's chess experiments, where the suite provides it",
    )
    inputs = frozenset({WEAK, LADDER})
    fits_as = "naive"


METHOD = Bootstrapping
