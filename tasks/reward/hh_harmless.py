"""HH-RLHF harmless-base: which of two assistant replies did people find less harmful?"""

from w2s_bench.tasks.reward._hh import hh

TASK = hh(
    "harmless",
    "helpful",
    bad="harmful",
    size="44,849 pairs (42,537 + 2,312); a mirror may hold one split only",
    notes="Some texts are offensive by design. Rarely the two dialogues differ before their last turn; "
    "the prompt then ends at the last turn they share. A few replies are empty.",
)
