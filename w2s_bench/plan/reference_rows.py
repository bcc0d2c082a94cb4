"""Reference rows: baselines and oracles, each a cell with another fit in the student's place."""

from __future__ import annotations

from w2s_bench.suite import ModelUse, Reference

SUMMARIES: dict[Reference, str] = {
    "zero-shot": "the pretrained student before any finetuning",
    "random-init": "the student's architecture from random initialisation, naive on the same weak labels",
    "shuffled-labels": "the student, naive on the teacher's labels dealt out to other items",
    "weak-copy": "the teacher itself: a gain of 0 by construction",
    "self-training": "the teacher's own model, naive on its own labels",
    "bow-teacher": "the student, naive on the labels of a bag of words that learnt on the teacher half",
    "majority": "no model: the option whose text the weak labels prefer most often",
    "coherence": "the student on labels that no teacher gave: those that predict one another best",
    "oracle-early-stopping": "naive, stopped where a few gold labels of the teacher half agree most (oracle)",
    "ceiling": "the student on gold labels: all of the gap by construction (oracle)",
}
# Rows that are planned from other fits; the other three are methods with a fit of their own.
PLANNED = tuple(row for row in SUMMARIES if row not in ("majority", "coherence", "oracle-early-stopping"))
BOW_TEACHER = ModelUse(name="bow", learning_rate=0.02, epochs=4)  # in chess a bag of move features
