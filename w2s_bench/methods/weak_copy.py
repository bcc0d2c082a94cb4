"""Reference row. The teacher itself: a gain of 0 by construction."""

from w2s_bench.methods._control import control

METHOD = control("Weak copy", __doc__, formula="s = w", cost="0 fits")
