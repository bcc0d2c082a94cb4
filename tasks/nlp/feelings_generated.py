"""Feelings of somebody who hoped for or feared what then came or did not; four classes."""

from w2s_bench.tasks.nlp._generated import generated_task
from w2s_bench.world.feelings import FEELINGS

TASK = generated_task(
    FEELINGS,
    title="Is somebody glad, relieved, disappointed or distressed at what happened?",
    findings=(
        ("near-duplicates", "texts are short and of one grammar: alike ones often differ in their class"),
    ),
    notes="Hope or fear, negation and outcome make the class; at times a second person differs.",
)
