"""ETHICS virtue, hard test: does somebody in a scenario show a trait?"""

from w2s_bench.tasks.nlp import ethics_virtue
from w2s_bench.tasks.nlp._ethics import hard

TASK = hard(
    ethics_virtue,
    title="Traits that models got wrong: shown or not? Balanced",
    size="about 1,900 of 4,780 pairs of scenario and trait",
)
