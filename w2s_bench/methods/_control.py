"""Controls that the planner builds from fits of other rows: a card, and no training of their own."""

from __future__ import annotations

from typing import Literal

from w2s_bench.method import Method, MethodCard


def control(
    title: str, about: str, *, formula: str, cost: str, kind: Literal["reference", "oracle"] = "reference"
) -> type[Method]:
    """The method class of a control; ``about`` is its docstring. What it fits, if anything, is planned in
    ``w2s_bench.plan.reference_rows``."""
    card = MethodCard(title=title, paper="none: a control", formula=formula, cost=cost)
    return type("Control", (Method,), {"__doc__": about, "card": card, "kind": kind})
