"""Questions of common sense: CommonsenseQA, Social IQa, HellaSwag, PIQA."""

from __future__ import annotations

from w2s_bench.sources import HubSource, Row
from w2s_bench.tasks._questions.form import BRANCH, DISTINCT, HIDDEN, Questions, Read, labelled, numbered

COMMONSENSE_QA = Questions(
    name="commonsense-qa",
    what="common sense, five answers",
    hub=HubSource(
        path="tau/commonsense_qa",
        revision="94630fe30dad47192a8546eb75f094926d47e155",
        columns=("question", "question_concept", "choices", "answerKey"),
        test="validation",
    ),
    read=lambda row: labelled(row["question"], row, row["question_concept"]),
    source="hub tau/commonsense_qa, train and validation splits",
    licence="MIT",
    citation="Talmor et al. 2019, arXiv 1811.00937",
    group="the concept that a question was written about",
    size="9,741 questions to train on, 1,221 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} {HIDDEN} Where a concept is tested, its training questions are unused.",
)


def _social(row: Row) -> Read:
    if row["label"] not in ("1", "2", "3"):
        raise ValueError(f"label {row['label']!r} is not 1, 2 or 3")
    question = f"{row['context'].strip()} {row['question'].strip()}"
    return numbered(
        question, [row[f"answer{letter}"] for letter in "ABC"], int(row["label"]) - 1, row["context"]
    )


SOCIAL_IQA = Questions(
    name="social-iqa",
    what="people's reasons and reactions, three answers",
    hub=HubSource(
        path="allenai/social_i_qa",
        revision="537a2ec8ec565adc0b70b70752893e59e024df26",
        files="*/{split}/*.parquet",
        columns=("context", "question", "answerA", "answerB", "answerC", "label"),
        test="validation",
    ),
    read=_social,
    source="hub allenai/social_i_qa, train and validation splits",
    licence="CC-BY-4.0 as the hub's card says; none in the set's own files",
    citation="Sap et al. 2019, arXiv 1904.09728",
    group="context (the situation that the question is about)",
    size="33,410 questions to train on, 1,954 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} {HIDDEN} {BRANCH}",
)


def _hellaswag(row: Row) -> Read:
    if row["label"] not in ("0", "1", "2", "3"):
        raise ValueError(f"label {row['label']!r} is not 0, 1, 2 or 3")
    return numbered(row["ctx"], row["endings"], int(row["label"]), row["source_id"])


HELLASWAG = Questions(
    name="hellaswag",
    what="how does a text go on, four endings",
    hub=HubSource(
        path="Rowan/hellaswag",
        revision="218ec52e09a7e7462a5400043bb9a69a41d06b76",
        columns=("ctx", "endings", "label", "source_id"),
        test="validation",
    ),
    read=_hellaswag,
    source="hub Rowan/hellaswag, train and validation splits",
    licence="MIT",
    citation="Zellers et al. 2019, arXiv 1905.07830",
    group="the video or article that the text is from",
    size="39,905 texts to train on, 10,042 for the test, before those with equal endings are left out",
    notes=f"{DISTINCT} {HIDDEN} Texts from WikiHow keep upstream's marks such as [header] and [step].",
    pretraining="A large part is text of WikiHow, which corpora made of web pages may hold with the right "
    "ending; wrong endings are machine-written.",
)

PIQA = Questions(
    name="piqa",
    what="how to do something with everyday things, two answers",
    hub=HubSource(
        path="ybisk/piqa",
        revision="078a131412f46a38025a762322c174a8bae2610c",
        files="plain_text/piqa-{split}.parquet",
        columns=("goal", "sol1", "sol2", "label"),
        test="validation",
    ),
    read=lambda row: numbered(row["goal"], [row["sol1"], row["sol2"]], row["label"], row["goal"]),
    source="hub ybisk/piqa, train and validation splits",
    licence="none stated upstream",
    citation="Bisk et al. 2020, arXiv 1911.11641",
    group="goal (what is to be done)",
    size="16,113 goals to train on, 1,838 for the test, before those with equal answers are left out",
    notes=f"{DISTINCT} {HIDDEN} {BRANCH}",
    pretraining="not known; goals were written after instructables.com, a site that web corpora hold",
)
