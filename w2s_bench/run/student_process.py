"""What runs in the process of a student: a fit from a request, with checkpoints sent to the parent."""

from __future__ import annotations

import torch

from w2s_bench.run.workers import tell
from w2s_bench.train.checkpoint import Checkpoint
from w2s_bench.train.fit_request import FitRequest, FitResult
from w2s_bench.train.student import study


def attend(
    request: FitRequest, threads: int, every: float | None = None, before: bytes | None = None
) -> FitResult:
    """Fit a student here and return its answers; a checkpoint goes to the parent process ``every`` so many
    seconds, and the fit resumes from the checkpoint ``before``."""
    torch.set_num_threads(threads)
    return study(request, Checkpoint(before, every, tell))
