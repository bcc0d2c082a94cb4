"""MC-TACO: is this a plausible answer to a question about time?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks._questions.form import CONVERTED
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._multiple_choice import CLASSES, JUDGE, judged

SHARE = 0.51  # of the wrong answers: about a third is right upstream

CARD = TaskCard(
    name="nlp/mc-taco",
    domain="nlp",
    title="Is this a plausible answer to a question about time? Balanced",
    source="hub CogComp/mc_taco, validation and test splits pooled; our own test set is drawn",
    licence="none stated upstream",
    citation="Zhou et al. 2019, arXiv 1909.03065",
    group="sentence",
    size="about 9,000 of 13,225 answers (3,783 + 9,442)",
    classes=CLASSES,
    pretraining="not known; the sentences are of MultiRC's paragraphs",
    notes="Upstream has no training split. A question has any number of right answers; about a third of all "
    f"are right; a hash of sentence, question and answer keeps 51% of the wrong ones. {CONVERTED}",
)


def example(row: Row) -> Example:
    """Sentence, question and one answer."""
    question = f"{row['sentence'].strip()}\nQuestion: {row['question'].strip()}"
    return judged(question, row["answer"], row["label"], row["sentence"].strip())


def keep(row: Row) -> bool:
    """Of the wrong answers the share."""
    return row["label"] != 0 or kept(f"{row['sentence']}\0{row['question']}\0{row['answer']}", SHARE)


TASK = Task(
    card=CARD,
    source=HubSource(
        path="CogComp/mc_taco",
        revision="refs/convert/parquet",
        files="*/{split}/*.parquet",
        columns=("sentence", "question", "answer", "label"),
        train=("validation", "test"),
    ),
    example=example,
    group=lambda row: row["sentence"].strip(),
    keep=keep,
    ask=JUDGE,
)
