"""What workers are forked with: the server of worker processes imports it once for all.

That takes seconds, in which the server does not listen yet: it looks for itself whether its run still lives.
"""

from __future__ import annotations

import os
from importlib import import_module

from w2s_bench.run.workers import ending_with

LIBRARIES = (  # ours, and what the first text model of a process imports
    "w2s_bench.train.student",
    "accelerate",
    "transformers.models.auto.modeling_auto",
    "transformers.models.llama.modeling_llama",
)

with ending_with(os.getppid()):
    for name in LIBRARIES:
        import_module(name)
