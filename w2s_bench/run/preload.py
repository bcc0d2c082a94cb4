"""Imports of the fork server, which all worker processes inherit.

They take seconds, during which the server checks by itself whether its run is still alive.
"""

from __future__ import annotations

import os

from w2s_bench.run.worker_process import ending_with

with ending_with(os.getppid()):
    import accelerate  # noqa: F401
    import transformers.models.auto.modeling_auto
    import transformers.models.llama.modeling_llama  # noqa: F401

    import w2s_bench.run.student_process  # noqa: F401
