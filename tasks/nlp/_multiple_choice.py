"""Questions with several answers in two forms: is this answer right, and which answer is right?"""

from __future__ import annotations

from w2s_bench.sources import Row
from w2s_bench.task import Ask, Example, Task, choice
from w2s_bench.tasks._questions import Questions

CLASSES = ("wrong", "right")
JUDGE = Ask("Is this answer wrong or right? It is", CLASSES)


def judged(question: str, answer: str, right: int, group: str) -> Example:
    """An (question, answer) item; ``right`` is 0 or 1."""
    if not answer.strip():
        raise ValueError("empty answer")
    prompt = f"{question.strip()}\nAnswer: {answer.strip()}"
    return Example(prompt=prompt, options=CLASSES, gold=right, group=group)


def answers(questions: Questions) -> Task:
    """As many right as wrong answers: of each question the right one and one that a hash picks."""
    return Task(
        card=questions.card(
            f"nlp/{questions.name}",
            f"Is this answer right? ({questions.what}; two items a question)",
            classes=CLASSES,
            companions=tuple(f"nlp/{name}" for name in questions.companions),
            notes=f"{questions.notes} Two items a question, the right answer and a wrong one that a hash of "
            "the texts picks; both stand in one part.",
        ),
        source=questions.judged(),
        example=lambda row: judged(row["question"], row["answer"], row["right"], row["group"]),
        group=_group,
        ask=JUDGE,
    )


def choices(questions: Questions) -> Task:
    """The right answer among all of a question's."""
    return Task(
        card=questions.card(
            f"nlp/{questions.name}-choice",
            f"Which answer is right? ({questions.what})",
            companions=tuple(f"nlp/{name}-choice" for name in questions.companions),
        ),
        source=questions.rows(),
        example=lambda row: choice(row["question"], row["right"], row["wrong"], group=row["group"]),
        group=_group,
        ask=Ask("Answer:"),
    )


def _group(row: Row) -> str:
    return str(row["group"])
