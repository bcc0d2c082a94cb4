"""ETHICS utilitarianism, hard test: which of two scenarios is the more pleasant one?"""

from w2s_bench.tasks.nlp import ethics_utilitarianism
from w2s_bench.tasks.nlp._ethics import HARD, hard_file
from w2s_bench.tasks.nlp._other_test import other_test

TASK = other_test(
    ethics_utilitarianism,
    "nlp/ethics-utilitarianism-hard",
    split="hard_test",
    files=hard_file("utilitarianism"),
    title="Pairs that models got wrong: which is more pleasant?",
    size="4,272 pairs",
    notes=f"{HARD} 60% of its pairs begin like one of the training split; 16 are equal. ",
)
