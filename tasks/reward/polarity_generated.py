"""Which of two generated reviews is the more positive one; the longer one often is, by accident."""

from w2s_bench.tasks.reward._generated import generated_pairs
from w2s_bench.world.pools import POLARITY

TASK = generated_pairs(
    POLARITY,
    title="Which of two generated reviews answers a request for a positive one better?",
    standing="development",
    findings=(
        ("options without the question", "every request is for a positive review: the options tell all"),
    ),
)
