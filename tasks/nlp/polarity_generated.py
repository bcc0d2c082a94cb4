"""Polarity of generated reviews: negation and contrast decide, single words mislead."""

from w2s_bench.tasks.nlp._generated import generated_task
from w2s_bench.world.polarity import POLARITY

TASK = generated_task(
    POLARITY,
    title="Is a generated review for or against its subject?",
    notes="One clause in four denies the opposite; contrast and concession decide which clause counts.",
    standing="development",
)
