"""HH-RLHF helpful-base: which of two assistant replies did people find more helpful?"""

from w2s_bench.tasks.reward._hh import hh

TASK = hh(
    "helpful",
    "harmless",
    bad="unhelpful",
    size="about 46,200 pairs",
    notes="The base tranche alone, as for reward/hh-harmless; the rejection-sampled and online ones are of "
    "later assistants.",
)
