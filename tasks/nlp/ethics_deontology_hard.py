"""ETHICS deontology, hard test: does an excuse hold, or a duty follow?"""

from w2s_bench.tasks.nlp import ethics_deontology
from w2s_bench.tasks.nlp._ethics import HARD, hard_file
from w2s_bench.tasks.nlp._other_test import other_test

TASK = other_test(
    ethics_deontology,
    "nlp/ethics-deontology-hard",
    split="hard_test",
    files=hard_file("deontology"),
    title="Excuses and duties that models got wrong: reasonable or not?",
    size="3,536 excuses and duties",
    notes=f"{HARD} 21% of its items have a scenario of the training split; none is equal. ",
)
