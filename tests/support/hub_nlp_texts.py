"""Rows of our own writing, with columns and types of the hub, of text sets that no mirror here holds.

Schemas were read in: the data set card of ``CogComp/mc_taco`` and the loading script of Banking77 in
huggingface/datasets; for ``google-research-datasets/paws``, ``facebook/anli``, ``stanfordnlp/imdb``,
``cardiffnlp/tweet_eval`` and ``fancyzhx/amazon_polarity`` in public code that reads them. ``aps/super_glue``
wic, ``fancyzhx/ag_news`` and ``fancyzhx/dbpedia_14``: from memory of their cards.
"""

from __future__ import annotations

from support.hub_rows import NAMES, THINGS, Row, Splits, split_names

MOODS = (("dull", "stale", "tired"), ("fresh", "witty", "warm"))


def _paws(name: str) -> list[Row]:
    pairs = [
        (f"{name} sold {a} and then {b}.", f"{name} sold {b} and then {a}.", 0)
        for a, b in (("wool", "salt"), ("wax", "coal"), ("milk", "sand"))
    ]
    pairs += [
        (f"{name} sold {a} in {b}.", f"In {b} {name} sold {a}.", 1)
        for a, b in (("rope", "May"), ("bread", "June"))
    ]
    return [
        {"id": i, "sentence1": one, "sentence2": two, "label": label}
        for i, (one, two, label) in enumerate(pairs)
    ]


def _wic(name: str) -> list[Row]:
    k = NAMES.index(name)
    word = f"{THINGS[k % 10]}{k}"  # a word of its own for each name
    first = f"The {word} was heavy."
    others = (
        (f"He bought {word}.", 1),
        (f"They {word} in the sun.", 0),
        (f"Fresh {word}!", 1),
        (f"A {word} joke.", 0),
    )
    return [
        {
            "word": word, "sentence1": first, "sentence2": other, "start1": 4, "start2": other.index(word),
            "end1": 4 + len(word), "end2": other.index(word) + len(word), "idx": 4 * k + i, "label": label,
        }
        for i, (other, label) in enumerate(others)
    ]  # fmt: skip


def _taco(name: str) -> list[Row]:
    sentence = f"{name} built a boat and sailed."
    answers = (
        ("two months", 1),
        ("a year", 1),
        ("a second", 0),
        ("a century", 0),
        ("ten seconds", 0),
        ("an age", 0),
    )
    return [
        {"sentence": sentence, "question": f"How long did {name} build?", "answer": answer, "label": label,
         "category": 0}
        for answer, label in answers
    ]  # fmt: skip


def _anli(name: str) -> list[Row]:
    premise = f"{name} was born by the sea in 1950 and became a baker."
    said = (
        ("was born", 0),
        ("baked", 0),
        ("saw a whale", 1),
        ("sang", 1),
        ("was born inland", 2),
        ("never baked", 2),
    )
    return [
        {
            "uid": f"{name}{i}",
            "premise": premise,
            "hypothesis": f"{name} {what}.",
            "label": label,
            "reason": "",
        }
        for i, (what, label) in enumerate(said)
    ]


def _felt(name: str) -> list[tuple[str, int]]:
    return [
        (f"{name}'s {THINGS[i]} is {word}", label) for label in (0, 1) for i, word in enumerate(MOODS[label])
    ]


def _imdb(name: str) -> list[Row]:
    return [{"text": f"A film.<br /><br />{text}.", "label": label} for text, label in _felt(name)]


def _amazon(name: str) -> list[Row]:
    """Twelve like rows each, of which a task reads one."""
    rows = []
    for text, label in _felt(name):
        rows += [{"label": label, "title": f"Bought {n} times", "content": text} for n in range(12)]
    return rows


def _tweets(name: str) -> list[Row]:
    """A negative message, a neutral one and two positive ones, thrice."""
    rows = []
    for i, (bad, good) in enumerate(zip(*MOODS, strict=True)):
        thing = THINGS[i]
        said = (
            (f"@user {name}: {thing} so {bad}", 0),
            (f"{name} has {thing}", 1),
            (f"{name} {thing} {good}!", 2),
            (f"{name} says {thing} is {good}", 2),
        )
        rows += [{"text": text, "label": label} for text, label in said]
    return rows


def _news(name: str) -> list[Row]:
    topics = ("talks with the neighbours", "the cup final", "a merger of bakeries", "a new telescope")
    return [{"text": f"{name} reports on {topic}", "label": label} for label, topic in enumerate(topics)]


def _kinds(name: str) -> list[Row]:
    """Five like rows each, of which a task reads one; four of the fourteen kinds."""
    kinds = ((0, "a company"), (8, "a village"), (9, "a fish"), (12, "a film"))
    rows = []
    for label, kind in kinds:
        rows += [{"label": label, "title": f"{name} {n}", "content": f" {name} is {kind}."} for n in range(5)]
    return rows


def _intents(name: str) -> list[Row]:
    asked = (
        (0, "How do I activate my card"),
        (21, "How do I change my PIN"),
        (41, "I lost my card"),
        (76, "Wrong rate"),
    )
    return [{"text": f"{text}? This is {name}", "label": label} for label, text in asked]


def _dialogues(name: str) -> list[Row]:
    rows = []
    for thing in THINGS[:3]:
        start = f"\n\nHuman: Can {name} eat {thing}?\n\nAssistant:"
        rows.append({"chosen": f"{start} Better not.", "rejected": f"{start} Of course."})
    return rows


SETS: dict[str, dict[str, Splits]] = {
    "google-research-datasets/paws": {"labeled_final": split_names(_paws, ("train", "validation", "test"))},
    "aps/super_glue": {"wic": split_names(_wic, ("train", "validation"))},
    "CogComp/mc_taco": {"default": split_names(_taco, ("validation", "test"))},
    "facebook/anli": {"plain_text": split_names(_anli, ("train_r2", "dev_r2", "test_r2", "test_r3"))},
    "stanfordnlp/imdb": {"plain_text": split_names(_imdb, ("train", "test"))},
    "fancyzhx/amazon_polarity": {"default": split_names(_amazon, ("train", "test"))},
    "cardiffnlp/tweet_eval": {"sentiment": split_names(_tweets, ("train", "validation", "test"))},
    "fancyzhx/ag_news": {"default": split_names(_news, ("train", "test"))},
    "fancyzhx/dbpedia_14": {"default": split_names(_kinds, ("train", "test"))},
    "legacy-datasets/banking77": {"default": split_names(_intents, ("train", "test"))},
    "Anthropic/hh-rlhf": {"default": split_names(_dialogues, ("train", "test"))},
}
