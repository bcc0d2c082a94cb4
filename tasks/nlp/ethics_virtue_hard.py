"""ETHICS virtue, hard test: does somebody in a scenario show a trait?"""

from w2s_bench.tasks.nlp import ethics_virtue
from w2s_bench.tasks.nlp._ethics import HARD, hard_file
from w2s_bench.tasks.nlp._other_test import other_test

TASK = other_test(
    ethics_virtue,
    "nlp/ethics-virtue-hard",
    split="hard_test",
    files=hard_file("virtue"),
    title="Traits that models got wrong: shown or not? Balanced",
    size="about 1,900 of 4,780 pairs of scenario and trait",
    notes=f"{HARD} ",
)
