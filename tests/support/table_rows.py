"""A row of a PGR table."""

from __future__ import annotations

from w2s_bench.records import TableRow

PLAIN = TableRow(
    suite="s", domain="nlp", task="nlp/a", teacher="t", student="u", method="m", seeds=1, admitted=True,
    teacher_accuracy=0.6, student_accuracy=0.7, ceiling_accuracy=0.8, gain=0.1, gain_low=0.05, gain_high=0.15,
    pgr=0.5, pgr_low=0.25, pgr_high=0.75, pgr_median=0.5, n_test=100,
)  # fmt: skip
