"""ETHICS justice, hard test: is a reason for an exception or a claim a good one?"""

from w2s_bench.tasks.nlp import ethics_justice
from w2s_bench.tasks.nlp._ethics import hard

TASK = hard(
    ethics_justice,
    title="Exceptions and claims that models got wrong: reasonable or not?",
    size="2,052 scenarios",
    notes="31% of its scenarios begin like one of the training split; one is equal. ",
)
