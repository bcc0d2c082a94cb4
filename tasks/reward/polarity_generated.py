"""Which of two generated reviews is the more positive one; the longer one often is, by accident."""

from w2s_bench.tasks.reward._generated import generated_pairs
from w2s_bench.world import polarity
from w2s_bench.world.words import Words

REQUESTS = Words(
    f"please write a {word} review of the {place} ."
    for word in ("positive", "favourable")
    for place in ("hotel", "restaurant", "tour", "show")
)

TASK = generated_pairs(
    "polarity",
    REQUESTS,
    polarity.sentence,
    title="Which of two generated reviews answers a request for a positive one better?",
)
