"""Questions of school science and of examinations: OpenBookQA, SciQ, ARC, MMLU."""

from __future__ import annotations

from w2s_bench.sources import HubSource, Row
from w2s_bench.tasks._questions.form import DISTINCT, Questions, Read, labelled, numbered

EXAMS = "Questions and answers of school examinations that also stand on web pages; how many is not known."

OPENBOOKQA = Questions(
    name="openbookqa",
    what="elementary science, four answers",
    hub=HubSource(
        path="allenai/openbookqa",
        config="main",
        revision="388097ea7776314e93a529163e0fea805b8a6454",
        columns=("question_stem", "choices", "answerKey"),
        train=("train", "validation"),
        test="test",
    ),
    read=lambda row: labelled(row["question_stem"], row, row["question_stem"]),
    source="hub allenai/openbookqa (main), train and validation splits pooled; test split",
    licence="Apache-2.0",
    citation="Mihaylov et al. 2018, arXiv 1809.02789",
    group="question stem; the fact behind it is not in the data's main configuration",
    size="5,456 questions to train on, 500 for the test, before those with equal answers are left out",
    standing="development",
    pretraining="not known; the training split is part of instruction collections such as FLAN's",
    companions=("arc-challenge",),
)


def _sciq(row: Row) -> Read:
    answers = [row["correct_answer"], *(row[f"distractor{k}"] for k in (1, 2, 3))]
    return numbered(row["question"], answers, 0, row["support"].strip() or row["question"])


SCIQ = Questions(
    name="sciq",
    what="school science, four answers",
    hub=HubSource(
        path="allenai/sciq",
        revision="2c94ad3e1aafab77146f384e23536f97a4849815",
        columns=("question", "correct_answer", "distractor1", "distractor2", "distractor3", "support"),
        train=("train", "validation"),
        test="test",
    ),
    read=_sciq,
    source="hub allenai/sciq, train and validation splits pooled; test split",
    licence="CC-BY-NC-3.0",
    citation="Welbl et al. 2017, arXiv 1707.06209",
    group="the supporting passage, or the question where there is none",
    size="12,679 questions to train on, 1,000 for the test, before those with equal answers are left out",
    pretraining="not known; the training split is part of instruction collections such as P3",
    companions=("arc-challenge",),
    notes=f"{DISTINCT} The supporting passage is not shown, as in the code of Burns et al. 2023.",
)


def _arc(config: str, name: str, what: str, size: str, companions: tuple[str, ...] = ()) -> Questions:
    return Questions(
        name=name,
        what=what,
        hub=HubSource(
            path="allenai/ai2_arc",
            config=config,
            revision="210d026faf9955653af8916fad021475a3f00453",
            columns=("question", "choices", "answerKey"),
            train=("train", "validation"),
            test="test",
        ),
        read=lambda row: labelled(row["question"], row, row["question"]),
        source=f"hub allenai/ai2_arc ({config}), train and validation splits pooled; test split",
        licence="CC-BY-SA-4.0",
        citation="Clark et al. 2018, arXiv 1803.05457",
        group="question",
        size=size,
        notes=f"{DISTINCT} So are the few with three or five answers.",
        pretraining=EXAMS,
        companions=companions,
        answers=4,
    )


ARC_EASY = _arc(
    "ARC-Easy",
    "arc-easy",
    "school science that word statistics answer, four answers",
    "2,821 questions to train on, 2,376 for the test, before those left out",
    ("arc-challenge",),
)
ARC_CHALLENGE = _arc(
    "ARC-Challenge",
    "arc-challenge",
    "school science that word statistics do not answer, four answers",
    "1,418 questions to train on, 1,172 for the test, before those left out",
)


def _mmlu(row: Row) -> Read:
    beginning = " ".join(row["question"].lower().split()[:12])
    return numbered(row["question"], row["choices"], row["answer"], beginning)


MMLU = Questions(
    name="mmlu",
    what="examinations in 57 subjects, four answers",
    hub=HubSource(
        path="cais/mmlu",
        config="all",
        revision="c30699e8356da336a370243923dbaf21066bb9fe",
        columns=("question", "choices", "answer"),
        train=("test", "validation", "dev"),
    ),
    read=_mmlu,
    source="hub cais/mmlu (all), test, validation and dev splits pooled; our own test set is drawn",
    licence="MIT",
    citation="Hendrycks et al. 2021, arXiv 2009.03300",
    group="the first twelve words: questions about one passage begin alike",
    size="15,858 questions (14,042 + 1,531 + 285), before those with equal answers are left out",
    notes=f"{DISTINCT} Upstream's auxiliary training split is of other data sets and is unused. No number on "
    "this task is one on MMLU's own test set.",
    pretraining=f"{EXAMS} Its test split is a usual object of contamination studies.",
)
