"""ETHICS utilitarianism, hard test: which of two scenarios is the more pleasant one?"""

from w2s_bench.tasks.nlp import ethics_utilitarianism
from w2s_bench.tasks.nlp._ethics import hard

TASK = hard(
    ethics_utilitarianism,
    title="Pairs that models got wrong: which is more pleasant?",
    size="4,272 pairs",
    notes="60% of its pairs begin like one of the training split; 16 are equal. ",
)
