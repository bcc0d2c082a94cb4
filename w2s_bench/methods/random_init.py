"""Reference row. The student's architecture with random weights, on the same weak labels."""

from w2s_bench.methods._control import control

METHOD = control(
    "Random initialisation", __doc__, formula="L = CE(w, s), s from random weights", cost="1 fit"
)
