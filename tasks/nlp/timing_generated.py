"""Timing of generated events: whether they are told in the order in which they happened."""

from w2s_bench.tasks.nlp._generated import generated_task
from w2s_bench.world.timing import TIMING

TASK = generated_task(
    TIMING,
    title="Are all events told in the order in which they happened?",
    notes="Connectives before, after, once, until and others, in front or between; up to three statements.",
)
