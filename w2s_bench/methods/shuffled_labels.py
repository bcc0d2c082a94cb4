"""Reference row: naive finetuning on weak labels dealt out to other items."""

from w2s_bench.method import Method, MethodCard


class ShuffledLabels(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="Shuffled weak labels",
        paper="none: a control",
        formula="L = CE(w_π(i), s), π a permutation",
        cost="1 fit",
    )
    kind = "reference"


METHOD = ShuffledLabels
