"""MultiRC: is this a right answer to a question about a paragraph?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Example, Task, TaskCard
from w2s_bench.tasks.nlp._balance import kept
from w2s_bench.tasks.nlp._multiple_choice import CLASSES, JUDGE, judged

SHARE = 0.79  # of the wrong answers: 12,025 / 15,218 of the training split

CARD = TaskCard(
    name="nlp/multirc",
    domain="nlp",
    title="Is this a right answer to a question about a paragraph? Balanced",
    source="hub aps/super_glue (multirc), train and validation splits",
    licence="research use (SuperGLUE)",
    citation="Khashabi et al. 2018, NAACL; Wang et al. 2019, arXiv 1905.00537",
    group="paragraph",
    size="about 24,000 of 27,243 answers to questions about 456 paragraphs; test: about 4,300 of 4,848",
    classes=CLASSES,
    pretraining="not known; the paragraphs are of several public sources, Wikipedia and news among them",
    findings=(
        ("truncated", "paragraphs are long; the question and the answer stand at the end, which is kept"),
    ),
    notes="A question has any number of right answers. 56% are wrong upstream; a hash of paragraph, question "
    "and answer keeps 79% of these; three empty answers are left out. About 60 answers share a paragraph, so "
    "a part of 2,000 holds few paragraphs. Paragraphs are long: models with a short context see their end.",
)


def example(row: Row) -> Example:
    """Paragraph, question and one answer."""
    question = f"{row['paragraph'].strip()}\nQuestion: {row['question'].strip()}"
    return judged(question, row["answer"], row["label"], row["paragraph"].strip())


def keep(row: Row) -> bool:
    """Not empty, and of the wrong ones the share."""
    text = f"{row['paragraph']}\0{row['question']}\0{row['answer']}"
    return bool(row["answer"].strip()) and (row["label"] != 0 or kept(text, SHARE))


TASK = Task(
    card=CARD,
    source=HubSource(
        path="aps/super_glue",
        config="multirc",
        revision="3de24cf8022e94f4ee4b9d55a6f539891524d646",
        columns=("paragraph", "question", "answer", "label"),
        test="validation",
    ),
    example=example,
    group=lambda row: row["paragraph"].strip(),
    keep=keep,
    ask=JUDGE,
)
