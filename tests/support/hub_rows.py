"""Rows of our own writing with the columns and types that data sets of the hub have.

Schemas were read in Parquet files of the data sets' rows, under the names and configurations of the hub:
``nyu-mll/glue`` cola, ``hendrycks/ethics`` justice, deontology and utilitarianism, ``allenai/openbookqa``
main, ``allenai/social_i_qa``, ``tau/commonsense_qa``, ``aps/super_glue`` multirc, ``google/boolq``.
``hendrycks/ethics`` virtue: from memory of its files, a label and a scenario with the trait behind [SEP].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
Rows = tuple[dict[str, Any], ...]
Splits = dict[str, Rows]

NAMES = [
    "Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gil", "Hana", "Ivo", "Jun", "Kai", "Lea", "Max", "Nia",
    "Oto", "Pia", "Quin", "Rosa", "Sam", "Tess", "Uma", "Vic", "Wes", "Yara", "Zoe",
]  # fmt: skip
THINGS = ["bread", "rope", "glass", "paper", "wool", "salt", "wax", "coal", "milk", "sand"]


def _split(make: Callable[[str], Iterable[dict[str, Any]]], cut: int = 19) -> tuple[Rows, Rows]:
    """Rows of the first ``cut`` names, and of the others."""
    parts = (NAMES[:cut], NAMES[cut:])
    train, test = (tuple(row for name in names for row in make(name)) for names in parts)
    return train, test


def split_names(make: Callable[[str], Iterable[Row]], names: Sequence[str]) -> Splits:
    """Rows of the first names in the first split, those of the others in the further ones, in turn."""
    cut = 19 if len(names) < 4 else 16
    parts = [NAMES[:cut], *(NAMES[cut + k :: len(names) - 1] for k in range(len(names) - 1))]
    return {
        split: tuple(row for name in part for row in make(name))
        for split, part in zip(names, parts, strict=True)
    }


def _cola(name: str) -> list[dict[str, Any]]:
    good = [f"{name} cut the {thing}." for thing in THINGS[:6]]
    bad = [f"Cut {name} the {thing}." for thing in THINGS[:3]]
    rows = [(text, label) for label, texts in ((1, good), (0, bad)) for text in texts]
    return [{"sentence": text, "label": label, "idx": i} for i, (text, label) in enumerate(rows)]


def _justice(name: str) -> list[dict[str, Any]]:
    start = f"I usually walk home with {name}, but not today because"
    reasons = (
        "it has green windows.",
        "the moon is far away.",
        "my foot is broken.",
        "the bridge is closed.",
    )
    return [{"label": i // 2, "scenario": f"{start} {reason}"} for i, reason in enumerate(reasons)]


def _deontology(name: str) -> list[dict[str, Any]]:
    excuses = (
        "No because I like blue.",
        " But it is Monday.",
        "No because it is done.",
        "No because you did it.",
    )
    ask = f"Aren't you supposed to help {name} move?"
    return [{"label": i // 2, "scenario": ask, "excuse": excuse} for i, excuse in enumerate(excuses)]


def _utilitarianism(name: str) -> list[dict[str, Any]]:
    start = f"I met {name} for lunch."
    levels = [f"{start} The food was free.", start, f"{start} The food was cold.", f"{start} We fell ill."]
    return [{"baseline": a, "less_pleasant": b} for a, b in pairwise(levels)]


def _virtue(name: str) -> list[dict[str, Any]]:
    """Two scenarios, each with five traits, of which one is shown."""
    traits = ("patient", "vain", "brave", "rude", "lazy")
    starts = (
        f"{name} waited an hour for {THINGS[0]} and smiled.",
        f"{name} bought {THINGS[1]} for the mirror.",
    )
    return [
        {"label": int(i == k), "scenario": f"{start} [SEP] {trait}"}
        for k, start in enumerate(starts)
        for i, trait in enumerate(traits)
    ]


def _labelled(answers: Sequence[str], right: int, **more: Any) -> dict[str, Any]:
    letters = list("ABCDE"[: len(answers)])
    return {**more, "choices": {"text": list(answers), "label": letters}, "answerKey": letters[right]}


def _openbookqa(name: str) -> list[dict[str, Any]]:
    k = NAMES.index(name)
    rows = []
    for i in range(3):
        stem, texts = (
            f"When {name} heats {THINGS[k % 9]} at stage {i}",
            [f"it {t}" for t in ("melts", "burns", "grows", "rusts")],
        )
        rows.append(_labelled(texts, (k + i) % 4, id=f"{k}-{i}", question_stem=stem))
    return rows


def _commonsense(name: str) -> list[dict[str, Any]]:
    k = NAMES.index(name)
    rows = []
    for i in range(3):
        asked = f"Where would you and {name} look for {THINGS[(k + i) % 10]}?"
        texts = ["shop", "lake", "roof", "kitchen", "shop" if (k, i) == (2, 1) else "moon"]
        more = {"id": f"{k}{i}", "question": asked, "question_concept": f"concept of {name}"}
        rows.append(_labelled(texts, (k + i) % 4, **more))
    return rows


def _social(name: str) -> list[dict[str, Any]]:
    k = NAMES.index(name)
    context = f"{name} lent a neighbour the {THINGS[k % 10]}. "
    questions = (f"How would you describe {name}?", f"What will {name} want to do next?", "Why?")
    answers = {"answerA": "kind ", "answerB": "ask for it back", "answerC": "to help"}
    return [
        {"context": context, "question": q, **answers, "label": str((k + i) % 3 + 1)}
        for i, q in enumerate(questions)
    ]


def _multirc(name: str) -> list[dict[str, Any]]:
    k = NAMES.index(name)
    paragraph = f"{name} lives by a lake. {name} sells {THINGS[k % 10]} and wool. "
    answers = (
        ("Wool", 1),
        (THINGS[k % 10].capitalize(), 1),
        ("Boats", 0),
        ("Lakes", 0),
        ("Nothing", 0),
        ("", 0),
    )
    return [
        {
            "paragraph": paragraph, "question": f"What does {name} sell?", "answer": answer,
            "idx": {"paragraph": k, "question": 0, "answer": i}, "label": label,
        }
        for i, (answer, label) in enumerate(answers)
    ]  # fmt: skip


def _boolq(name: str) -> list[dict[str, Any]]:
    passage = f"{name}'s inn -- The inn of {name} opened in 1900. It has a garden and no pool."
    asked = (
        ("did it open in 1900", True), ("is there a garden", True), ("has it a pool", False),
        ("is the inn old", True), ("did it open in 1950", False),
    )  # fmt: skip
    return [{"question": f"{q} at {name}'s", "answer": a, "passage": passage} for q, a in asked]


def _named(first: str, second: str, parts: tuple[Rows, Rows]) -> Splits:
    return {first: parts[0], second: parts[1]}


def _hard(make: Callable[[str], Iterable[dict[str, Any]]]) -> Splits:
    """Three splits: those of the last names are tests, the last three of them hard ones."""
    train, rest = _split(make, 15)
    return {"train": train, "test": rest[: 7 * len(rest) // 10], "hard_test": rest[7 * len(rest) // 10 :]}


SETS: dict[str, dict[str, Splits]] = {
    "nyu-mll/glue": {"cola": _named("train", "validation", _split(_cola))},
    "hendrycks/ethics": {
        "justice": _hard(_justice),
        "deontology": _hard(_deontology),
        "utilitarianism": _hard(_utilitarianism),
        "virtue": _hard(_virtue),
    },
    "allenai/openbookqa": {"main": _named("train", "test", _split(_openbookqa))},
    "allenai/social_i_qa": {"default": _named("train", "validation", _split(_social))},
    "tau/commonsense_qa": {"default": _named("train", "validation", _split(_commonsense))},
    "aps/super_glue": {"multirc": _named("train", "validation", _split(_multirc))},
    "google/boolq": {"default": _named("train", "validation", _split(_boolq))},
}
