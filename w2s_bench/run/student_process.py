"""The fit in a student's process, which sends checkpoints to the parent."""

from __future__ import annotations

import torch

from w2s_bench.run.worker_process import send_to_parent
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.fit import fit
from w2s_bench.train.fit_request import FitRequest, FitResult


def fit_student(
    request: FitRequest, threads: int, every: float | None = None, before: bytes | None = None
) -> FitResult:
    """Fit a student in this process, resuming from the checkpoint ``before``.

    ``every``: seconds between two checkpoints, None for none. Errors: FitFailed.
    """
    torch.set_num_threads(threads)
    return fit(request, Checkpoint(before, every, send_to_parent))
