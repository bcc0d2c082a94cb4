"""Banking77: what does a customer of a bank want? Seventy-seven intents."""

from w2s_bench.sources import HubSource
from w2s_bench.task import TaskCard
from w2s_bench.tasks.nlp._intents import INTENTS
from w2s_bench.tasks.nlp._text import text_task

CARD = TaskCard(
    name="nlp/banking77",
    domain="nlp",
    title="Customers' questions to a bank by intent, 77 classes",
    source="hub legacy-datasets/banking77, train and test splits",
    licence="CC-BY-4.0",
    citation="Casanueva et al. 2020, arXiv 2003.04807",
    group="the question's words; upstream does not say which questions are variants of one another",
    size="10,003 questions to train on, 3,080 for the test",
    classes=INTENTS,
    pretraining="not known; its test split is part of benchmarks of embeddings such as MTEB",
    findings=(("bag of words", "many intents have a word of their own, such as refund or passcode"),),
    notes="Of the copies on the hub the one without a loading script. Classes are unequally frequent in the "
    "training split, equally in the test. Suites need far more than 77 items a part.",
)


TASK = text_task(
    CARD,
    HubSource(
        path="legacy-datasets/banking77",
        revision="f54121560de48f2852f90be299010d1d6dc612ec",
        columns=("text", "label"),
        test="test",
    ),
    "The customer asks about",
)
