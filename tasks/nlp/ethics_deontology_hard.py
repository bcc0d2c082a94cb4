"""ETHICS deontology, hard test: does an excuse hold, or a duty follow?"""

from w2s_bench.tasks.nlp import ethics_deontology
from w2s_bench.tasks.nlp._ethics import hard

TASK = hard(
    ethics_deontology,
    title="Excuses and duties that models got wrong: reasonable or not?",
    size="3,536 excuses and duties",
    notes="21% of its items have a scenario of the training split; none is equal. ",
)
