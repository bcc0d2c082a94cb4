"""Rows of our own writing, with columns and types of the hub, of question sets that no mirror here holds.

Schemas were read in: the data set cards of ``textmachinelab/quail``, ``allenai/quartz``, ``ybisk/piqa`` and
``dataset-org/dream`` in huggingface/datasets; for ``allenai/sciq``, ``allenai/ai2_arc`` and
``Rowan/hellaswag`` in public code that reads them. ``allenai/cosmos_qa`` and ``cais/mmlu``: from
memory of their cards.
"""

from __future__ import annotations

from typing import Any

from support.hub_rows import NAMES, THINGS, Row, Splits, split_names

ANSWERS = ("in a jar", "on a boat", "under a stone", "by the well")


def _questions(name: str) -> list[tuple[str, int]]:
    """Four questions and the place of their answers, every place in turn."""
    k = NAMES.index(name)
    return [(f"Where does {name} keep the {THINGS[(k + i) % 10]}?", (k + i) % 4) for i in range(4)]


def _sciq(name: str) -> list[Row]:
    rows = []
    for i, (question, right) in enumerate(_questions(name)):
        wrong = [a for a in ANSWERS if a != ANSWERS[right]]
        rows.append(
            {
                "question": question, "distractor3": wrong[2], "distractor1": wrong[0],
                "distractor2": wrong[1], "correct_answer": ANSWERS[right],
                "support": f"{name} keeps things." if i < 2 else "",
            }
        )  # fmt: skip
    return rows


def _arc(name: str) -> list[Row]:
    """Labels are letters or digits; one question in ten has three answers."""
    rows = []
    for i, (question, right) in enumerate(_questions(name)):
        count = 3 if (name, i) in (("Ben", 0), ("Dan", 1)) else 4
        labels = list("ABCD" if i % 2 else "1234")[:count]
        choices = {"text": list(ANSWERS[:count]), "label": labels}
        key = labels[right % count]
        rows.append({"id": f"{name}-{i}", "question": question, "choices": choices, "answerKey": key})
    return rows


def _mmlu(name: str) -> list[Row]:
    return [
        {"question": f"In which place, of all those that are named, {q}", "subject": "astronomy",
         "choices": list(ANSWERS), "answer": right}
        for q, right in _questions(name)
    ]  # fmt: skip


def _hellaswag(name: str) -> list[Row]:
    k = NAMES.index(name)
    rows = []
    for i in range(4):
        text = f"{name} lifts the {THINGS[(k + i) % 10]}. Then {name}"
        rows.append(
            {
                "ind": k * 4 + i, "activity_label": "Lifting", "ctx_a": text.partition(" Then")[0],
                "ctx_b": f"Then {name}", "ctx": text,
                "endings": ["puts it down.", "eats it all.", "swims.", "sings."],
                "source_id": f"activitynet~v_{name}", "split": "train", "split_type": "indomain",
                "label": str((k + i) % 4),
            }
        )  # fmt: skip
    return rows


def _piqa(name: str) -> list[Row]:
    k = NAMES.index(name)
    return [
        {"goal": f"To keep {THINGS[(k + i) % 10]} dry at {name}'s", "sol1": "put it on a shelf",
         "sol2": "put it in a pond", "label": (k + i) % 2}
        for i in range(3)
    ]  # fmt: skip


def _cosmos(name: str) -> list[Row]:
    context = f"I went to see {name} today. We cooked all day. "
    return [
        {"id": f"{name}{i}", "context": context, "question": question, "label": right}
        | {f"answer{j}": answer for j, answer in enumerate(ANSWERS)}
        for i, (question, right) in enumerate(_questions(name))
    ]


def _dream(name: str) -> list[Row]:
    dialogue = [f"W: Hello, {name}. Where were you?", "M: At the lake."]
    return [
        {"id": i, "dialogue_id": f"4-{name}", "dialogue": dialogue, "question": question,
         "choice": list(ANSWERS[:3]), "answer": ANSWERS[right % 3]}
        for i, (question, right) in enumerate(_questions(name))
    ]  # fmt: skip


def _quail(name: str) -> list[Row]:
    context = f"{name} left the village at noon. The road was long, and it rained."
    return [
        {
            "id": f"f{name}_{i}", "context_id": f"f{name}", "question_id": str(i), "domain": "fiction",
            "metadata": {"author": "us", "title": "A walk", "url": ""}, "context": context,
            "question": question, "question_type": "Factual",
            "answers": [*ANSWERS[:3], "not enough information"],
            "correct_answer_id": right,
        }
        for i, (question, right) in enumerate(_questions(name))
    ]  # fmt: skip


def _quartz(name: str) -> list[Row]:
    k = NAMES.index(name)
    para = f"The longer {name} walks, the more {name} eats."
    return [
        {
            "id": f"Q-{k}-{i}", "question": f"If {name} walks {'less' if i else 'more'}, the meal is",
            "choices": {"text": ["larger", "smaller"], "label": ["A", "B"]}, "answerKey": "AB"[i],
            "para": para, "para_id": f"S-{k}",
            "para_anno": {"effect_prop": "eating", "cause_prop": "walking"},
            "question_anno": {"more_effect_dir": "larger", "less_effect_dir": "smaller"},
        }
        for i in range(2)
    ]  # fmt: skip


def _parts(make: Any, *names: str) -> Splits:
    return split_names(make, names)


SETS: dict[str, dict[str, Splits]] = {
    "allenai/sciq": {"default": _parts(_sciq, "train", "validation", "test")},
    "allenai/ai2_arc": {
        "ARC-Easy": _parts(_arc, "train", "validation", "test"),
        "ARC-Challenge": _parts(_arc, "train", "validation", "test"),
    },
    "cais/mmlu": {"all": _parts(_mmlu, "test", "validation", "dev")},
    "Rowan/hellaswag": {"default": _parts(_hellaswag, "train", "validation")},
    "ybisk/piqa": {"default": _parts(_piqa, "train", "validation")},
    "allenai/cosmos_qa": {"default": _parts(_cosmos, "train", "validation")},
    "dataset-org/dream": {"default": _parts(_dream, "train", "validation", "test")},
    "textmachinelab/quail": {"default": _parts(_quail, "train", "validation", "challenge")},
    "allenai/quartz": {"default": _parts(_quartz, "train", "validation", "test")},
}
