"""Reference row: the pretrained student before any finetuning: no teacher at all."""

from w2s_bench.method import Method, MethodCard


class ZeroShot(Method):
    """Planned from fits that other rows use as well; it has no fit of its own to describe."""

    card = MethodCard(
        title="No teacher",
        paper="none: a control",
        formula="s = the pretrained student, asked",
        cost="0 fits",
    )
    kind = "reference"


METHOD = ZeroShot
