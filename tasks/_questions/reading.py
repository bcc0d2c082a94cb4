"""Questions about a text that is shown: CosmosQA, DREAM, QuAIL, QuaRTz."""

from __future__ import annotations

from w2s_bench.sources import HubSource, Row
from w2s_bench.tasks._questions.form import (
    BRANCH,
    CONVERTED,
    DISTINCT,
    HIDDEN,
    Questions,
    Read,
    labelled,
    numbered,
)


def _asked(text: str, question: str) -> str:
    """The text, then the question about it. Errors: ValueError where one of them is empty."""
    if not (text.strip() and question.strip()):
        raise ValueError("empty text or question")
    return f"{text.strip()}\nQuestion: {question.strip()}"


def _cosmos(row: Row) -> Read:
    answers = [row[f"answer{k}"] for k in range(4)]
    return numbered(_asked(row["context"], row["question"]), answers, row["label"], row["context"])


COSMOS_QA = Questions(
    name="cosmos-qa",
    what="between the lines of a blog entry, four answers",
    hub=HubSource(
        path="allenai/cosmos_qa",
        revision="ed50fe83db62b355759053b1cd5eef344ee371e0",
        files="*/{split}/*.parquet",
        columns=("context", "question", "answer0", "answer1", "answer2", "answer3", "label"),
        test="validation",
    ),
    read=_cosmos,
    source="hub allenai/cosmos_qa, train and validation splits",
    licence="CC-BY-4.0",
    citation="Huang et al. 2019, arXiv 1909.00277",
    group="context (the blog entry)",
    size="25,262 questions to train on, 2,985 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} {HIDDEN} {BRANCH}",
    pretraining="not known; the texts are public blog entries, of the kind that web corpora hold",
)


def _dream(row: Row) -> Read:
    dialogue = "\n".join(row["dialogue"])
    if row["answer"] not in row["choice"]:
        raise ValueError(f"answer {row['answer']!r} is not among {row['choice']}")
    right = row["choice"].index(row["answer"])
    return numbered(_asked(dialogue, row["question"]), row["choice"], right, dialogue)


DREAM = Questions(
    name="dream",
    what="about a dialogue, three answers",
    hub=HubSource(
        path="dataset-org/dream",
        revision="ca4c45feaf089ecfc37579eb2c594375f70dbfd5",
        files="*/{split}/*.parquet",
        columns=("dialogue", "question", "choice", "answer"),
        train=("train", "validation"),
        test="test",
    ),
    read=_dream,
    source="hub dataset-org/dream, train and validation splits pooled; test split",
    licence="none stated on the hub",
    citation="Sun et al. 2019, arXiv 1902.00164",
    group="dialogue",
    size="8,156 questions to train on, 2,041 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} {BRANCH}",
    findings=(
        ("truncated", "dialogues are long; the question and the answers stand at the end, which is kept"),
    ),
    pretraining="not known; dialogues and questions are of English examinations that stand on web pages",
)

QUAIL = Questions(
    name="quail",
    what="about a text of one of four kinds, four answers",
    hub=HubSource(
        path="textmachinelab/quail",
        revision="refs/convert/parquet",
        files="*/{split}/*.parquet",
        columns=("context", "question", "answers", "correct_answer_id"),
        test="validation",
    ),
    read=lambda row: numbered(
        _asked(row["context"], row["question"]), row["answers"], row["correct_answer_id"], row["context"]
    ),
    source="hub textmachinelab/quail, train and validation splits",
    licence="CC-BY-NC-SA-4.0",
    citation="Rogers et al. 2020, AAAI",
    group="context (about 18 questions share one)",
    size="10,246 questions to train on, 2,164 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} The validation split is the test set; upstream's challenge split is unused. "
    f"Texts are long: models with a short context see their end. {CONVERTED}",
    pretraining="not known; the texts are public news, fiction, blogs and user stories",
)

QUARTZ = Questions(
    name="quartz",
    what="how one quantity follows another, two answers",
    hub=HubSource(
        path="allenai/quartz",
        revision="28c1dbb56caf81799296cb17892fa73402e23464",
        columns=("question", "choices", "answerKey", "para"),
        train=("train", "validation"),
        test="test",
    ),
    read=lambda row: labelled(_asked(row["para"], row["question"]), row, row["para"]),
    source="hub allenai/quartz, train and validation splits pooled; test split",
    licence="CC-BY-4.0",
    citation="Tafjord et al. 2019, arXiv 1909.03553",
    group="the background sentence (about ten questions share one, turned about in pairs)",
    size="3,080 questions to train on, 784 for the test, before those with equal answers are left out",
)
