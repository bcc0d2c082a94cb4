"""Reference row: the student's architecture from random initialisation, on the same weak labels."""

from w2s_bench.method import Method, MethodCard


class RandomInit(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Random initialisation",
        paper="none: a control",
        formula="L = CE(w, s), s from random weights",
        cost="1 fit",
    )
    kind = "reference"


METHOD = RandomInit
