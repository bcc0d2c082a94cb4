"""Statistics on arrays alone: no files, no records, no training.

:mod:`gap` has PGR and its intervals, :mod:`contrast` compares methods, :mod:`labels` says how a student's
answers relate to its teacher's and to gold.
"""

from w2s_bench.stats.contrast import (
    holm,
    minimum_detectable_difference,
    performance_profile,
    probability_of_improvement,
    sign_flip_test,
)
from w2s_bench.stats.gap import (
    RESAMPLES,
    UNBOUNDED,
    Floats,
    Interval,
    accuracy_draws,
    cell_interval,
    fieller,
    iqm,
    percentile_interval,
    pgr,
    pooled_pgr,
    ratio_interval,
    resample_weights,
)
from w2s_bench.stats.labels import (
    Agreement,
    agreement,
    brier_score,
    calibration_error,
    chance_adjusted_similarity,
)

__all__ = [
    "RESAMPLES",
    "UNBOUNDED",
    "Agreement",
    "Floats",
    "Interval",
    "accuracy_draws",
    "agreement",
    "brier_score",
    "calibration_error",
    "cell_interval",
    "chance_adjusted_similarity",
    "fieller",
    "holm",
    "iqm",
    "minimum_detectable_difference",
    "percentile_interval",
    "performance_profile",
    "pgr",
    "pooled_pgr",
    "probability_of_improvement",
    "ratio_interval",
    "resample_weights",
    "sign_flip_test",
]
