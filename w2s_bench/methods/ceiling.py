"""Oracle row. The student trained on gold labels: a PGR of 1 by construction."""

from w2s_bench.methods._control import control

METHOD = control("Ceiling", __doc__, formula="L = CE(gold, s)", cost="0 fits", kind="oracle")
