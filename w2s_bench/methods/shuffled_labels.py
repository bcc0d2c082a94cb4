"""Reference row. Naive on weak labels permuted among items: the gain without a teacher's information."""

from w2s_bench.methods._control import control

METHOD = control("Shuffled weak labels", __doc__, formula="L = CE(w_π(i), s), π a permutation", cost="1 fit")
