"""Which of two generated texts is the better grammar; the longer one often is, by accident."""

from w2s_bench.tasks.reward._generated import generated_pairs
from w2s_bench.world.pools import AGREEMENT

TASK = generated_pairs(
    AGREEMENT, title="Which of two generated texts answers a request for correct sentences better?"
)
