"""Agreement in generated sentences: number and gender across what stands between."""

from w2s_bench.tasks.nlp._generated import generated_task
from w2s_bench.world.agreement import AGREEMENT

TASK = generated_task(
    AGREEMENT,
    title="Is every generated sentence grammatical?",
    notes="Attractors, relative clauses and reflexives; two sentences at times, of which one is wrong.",
)
