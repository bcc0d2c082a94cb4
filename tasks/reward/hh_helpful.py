"""HH-RLHF helpful-base: which of two assistant replies did people find more helpful?"""

from w2s_bench.task import Ask, TaskCard
from w2s_bench.tasks.reward._hh import hh

CARD = TaskCard(
    name="reward/hh-helpful",
    domain="reward",
    title="Anthropic HH-RLHF, helpful base",
    source="hub Anthropic/hh-rlhf (helpful-base), train and test splits pooled; our own test set is drawn",
    licence="MIT",
    citation="Bai et al. 2022, arXiv 2204.05862",
    group="prompt (the dialogue up to the last shared assistant turn)",
    size="about 46,200 pairs",
    pretraining="public since 2022 and widely trained on; copies stand in instruction-tuning mixtures",
    companions=("reward/hh-harmless",),
    findings=(("truncated", "dialogues are long; the reply stands at the end, which is kept"),),
    notes="The base tranche alone, as for reward/hh-harmless; the rejection-sampled and online ones are of "
    "later assistants.",
)

TASK = hh(CARD, "helpful-base", Ask("is this answer helpful ? it is", ("unhelpful", "helpful")))
