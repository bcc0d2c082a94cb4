"""Questions with several answers as preferences: the right answer over a wrong one."""

from __future__ import annotations

from w2s_bench.task import Ask, Task, preference
from w2s_bench.tasks._questions import Questions, one_wrong


def pairs(questions: Questions) -> Task:
    """One pair a question; a hash of the texts picks the wrong answer and decides which side stands first."""
    return Task(
        card=questions.card(
            f"reward/{questions.name}-pairs",
            f"Which of two answers is right? ({questions.what})",
            notes=f"{questions.notes} No human compared the two sides: the right answer is preferred to a "
            "wrong one that a hash of the texts picks.",
        ),
        source=questions.rows(),
        example=lambda row: preference(row["question"], row["right"], one_wrong(row), group=row["group"]),
        group=lambda row: str(row["group"]),
        ask=Ask("Is this answer wrong or right? It is", ("wrong", "right")),
    )
