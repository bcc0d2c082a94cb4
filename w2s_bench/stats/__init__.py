"""Statistics on arrays: no files, no records, no training.

:mod:`pgr` has PGR itself, :mod:`intervals` its intervals, :mod:`bootstrap` the resampling that these are
checked against; :mod:`comparisons` compares methods, :mod:`agreement` relates a student's answers to its
teacher's and to gold. The room imports no other room.
"""

from w2s_bench.stats.agreement import Agreement, agreement, chance_adjusted_similarity, share
from w2s_bench.stats.bootstrap import (
    RESAMPLES,
    accuracy_draws,
    percentile_interval,
    ratio_interval,
    resample_weights,
)
from w2s_bench.stats.comparisons import (
    holm,
    minimum_detectable_difference,
    performance_profile,
    probability_of_improvement,
    sign_flip_test,
)
from w2s_bench.stats.intervals import (
    Components,
    Contrast,
    components,
    mean_interval,
    ratio_of_means_interval,
    standard_error,
)
from w2s_bench.stats.pgr import UNBOUNDED, Floats, Interval, iqm, pgr, pooled_pgr, t_quantile

__all__ = [
    "RESAMPLES", "UNBOUNDED", "Agreement", "Components", "Contrast", "Floats", "Interval", "accuracy_draws",
    "agreement", "chance_adjusted_similarity", "components",
    "holm", "iqm", "mean_interval", "minimum_detectable_difference", "percentile_interval",
    "performance_profile", "pgr", "pooled_pgr", "probability_of_improvement", "ratio_interval",
    "ratio_of_means_interval", "resample_weights", "share", "sign_flip_test", "standard_error", "t_quantile",
]  # fmt: skip
