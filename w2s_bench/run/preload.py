"""What workers are forked with: the server of worker processes imports this module once for all of them.

The imports take seconds, in which the server does not listen yet: it checks by itself whether its run is
still alive.
"""

from __future__ import annotations

import os

from w2s_bench.run.worker_process import ending_with

with ending_with(os.getppid()):
    import accelerate  # noqa: F401
    import transformers.models.auto.modeling_auto
    import transformers.models.llama.modeling_llama  # noqa: F401

    import w2s_bench.run.student_process  # noqa: F401
