"""Reference row. The pretrained student before any finetuning: no teacher at all."""

from w2s_bench.methods._control import control

METHOD = control("No teacher", __doc__, formula="s = the pretrained student, asked", cost="0 fits")
