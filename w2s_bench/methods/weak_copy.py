"""Reference row: the teacher itself, a gain of 0 by construction."""

from w2s_bench.method import Method, MethodCard


class WeakCopy(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Weak copy",
        paper="none: a control",
        formula="s = w",
        cost="0 fits",
    )
    kind = "reference"


METHOD = WeakCopy
