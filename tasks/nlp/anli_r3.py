"""ANLI, round 3: statements written to mislead stronger models, about texts of more kinds."""

from w2s_bench.tasks.nlp import anli_r2
from w2s_bench.tasks.nlp._other_test import other_test

TASK = other_test(
    anli_r2,
    "nlp/anli-r3",
    split="test_r3",
    title="Adversarial NLI, round 3, two classes, balanced",
    size="about 780 of 1,200 statements",
    notes="Premises are of news, fiction, speech and more besides Wikipedia. ",
)
