"""Oracle row: the student on gold labels, all of the gap by construction."""

from w2s_bench.method import Method, MethodCard


class Ceiling(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Ceiling",
        paper="none: a control",
        formula="L = CE(gold, s)",
        cost="0 fits",
    )
    kind = "oracle"


METHOD = Ceiling
