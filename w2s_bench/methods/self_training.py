"""Reference row. The teacher's own model, naive on its own labels: the gain without a larger model."""

from w2s_bench.methods._control import control

METHOD = control(
    "Self-training of the teacher", __doc__, formula="L = CE(w, s), s as small as the teacher", cost="1 fit"
)
