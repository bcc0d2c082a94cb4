"""Possession after one or more transfers told in the active or the passive."""

from w2s_bench.tasks.nlp._generated import generated_task
from w2s_bench.world.possession import POSSESSION

TASK = generated_task(
    POSSESSION,
    title="Does the speaker have the thing in the end?",
    notes="The last transfer that did not fail decides.",
)
