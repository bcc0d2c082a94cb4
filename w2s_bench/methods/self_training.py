"""Reference row: the teacher's own model, naive on its own labels."""

from w2s_bench.method import Method, MethodCard


class SelfTraining(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Self-training of the teacher",
        paper="none: a control",
        formula="L = CE(w, s), s as small as the teacher",
        cost="1 fit",
    )
    kind = "reference"


METHOD = SelfTraining
