"""What runs in the process of a student: a fit from a request, with checkpoints sent to the parent."""

from __future__ import annotations

import torch

from w2s_bench.run.worker_process import send_to_parent
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.fit import fit
from w2s_bench.train.fit_request import FitRequest, FitResult


def fit_student(
    request: FitRequest, threads: int, every: float | None = None, before: bytes | None = None
) -> FitResult:
    """Fit a student in this process.

    ``every``: seconds between the checkpoints that go to the parent, None for none. The fit resumes from the
    checkpoint ``before``. Errors: FitFailed.
    """
    torch.set_num_threads(threads)
    return fit(request, Checkpoint(before, every, send_to_parent))
