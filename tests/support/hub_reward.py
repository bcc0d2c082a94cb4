"""Preference pairs of our own writing with the columns and types that data sets of the hub have.

Schemas were read in: Parquet rows of ``Anthropic/hh-rlhf``; the hub's cards (``dataset_info``) of
``allenai/reward-bench-2`` and of copies of ``stanfordnlp/SHP`` and ``HuggingFaceH4/ultrafeedback_binarized``;
the loading script of ``openai/summarize_from_feedback``; the README of ``THU-KEG/RM-Bench``. For
``nvidia/HelpSteer2`` (JSON lines) and ``PKU-Alignment/PKU-SafeRLHF`` (JSON lines) the column names are those
that public code reads and the types those of its values.
"""

from __future__ import annotations

from typing import Any

Rows = tuple[dict[str, Any], ...]
Splits = dict[str, Rows]
TRAIN, TEST = range(60), range(60, 90)


def hh(what: str) -> Splits:
    """Dialogues of one or two turns whose last replies differ."""
    rows = []
    for n in range(100):
        start = f"\n\nHuman: How do I {what} number {n}?\n\nAssistant:"
        if n % 2:
            start += f" Is it yours?\n\nHuman: Yes, number {n} is mine.\n\nAssistant:"
        good, bad = f" Ask for help with number {n} at the desk, please.", f" Kick number {n} in."
        rows.append({"chosen": start + good, "rejected": start + bad})
    return {"train": tuple(rows[:80]), "test": tuple(rows[80:])}


def _shp(n: int) -> dict[str, Any]:
    """Every seventh preference is too weak to be kept."""
    good, bad = f"Keep {n} in the shade.", f"Leave {n} in the rain."
    first = n % 2
    return {
        "post_id": f"post{n}",
        "domain": "askbaking_train",
        "upvote_ratio": 0.99,
        "history": f"Where do I put flour number {n}?",
        "c_root_id_A": f"a{n}",
        "c_root_id_B": f"b{n}",
        "created_at_utc_A": 1_600_000_000 + n,
        "created_at_utc_B": 1_600_000_100 + n,
        "score_A": 40 if first else 4,
        "score_B": 4 if first else 40,
        "human_ref_A": good if first else bad,
        "human_ref_B": bad if first else good,
        "labels": first,
        "seconds_difference": 100.0,
        "score_ratio": 10.0 if n % 7 else 1.5,
    }


def _comparison(n: int) -> dict[str, Any]:
    """Two comparisons a post; every tenth post is a news article."""
    post = n // 2 * 2
    news = post % 20 == 8
    text = f"Yesterday I lost key number {post} on the beach and a dog brought it back. "
    good, bad = f"A dog found key {post}, take {n}.", f"Beaches and dogs, take {n}."
    texts = (bad, good) if n % 2 else (good, bad)
    return {
        "info": {
            "id": f"t3_{post}",
            "post": None if news else text,
            "title": None if news else f"Key {post} ",
            "subreddit": None if news else "tifu",
            "site": "cnn" if news else None,
            "article": text if news else None,
        },
        "summaries": [{"text": f" {t}", "policy": "sup1", "note": "was easy"} for t in texts],
        "choice": n % 2,
        "worker": f"worker{n % 5}",
        "batch": "batch3",
        "split": "train",
        "extra": {"confidence": 8},
    }


def _ultrafeedback(n: int) -> dict[str, Any]:
    """Every ninth pair is a tie."""
    prompt, good, bad = f"Name an even number near {n}. ", f"{2 * n} is even.", f"{2 * n + 1} is even."
    user = {"content": prompt, "role": "user"}
    chosen, rejected = ([user, {"content": text, "role": "assistant"}] for text in (good, bad))
    return {
        "prompt": prompt,
        "prompt_id": f"{n:064x}",
        "chosen": chosen,
        "rejected": rejected,
        "messages": chosen,
        "score_chosen": 8.5,
        "score_rejected": 8.5 if n % 9 == 0 else 3.0,
    }


def _helpsteer(n: int) -> list[dict[str, Any]]:
    """Two answers a prompt, the better one first or second; every eighth pair is a tie."""
    scores = (4, 4) if n % 8 == 0 else (4, 1) if n % 2 else (0, 3)
    return [
        {
            "prompt": f"How tall is tower {n}?",
            "response": f"Tower {n} is {10 * score + k} m tall.",
            "helpfulness": score,
            "correctness": 3,
            "coherence": 4,
            "complexity": 1,
            "verbosity": 1,
        }
        for k, score in enumerate(scores)
    ]


def _safe(n: int) -> dict[str, Any]:
    """Two pairs a question."""
    good, bad = f"No, ask locksmith {n}.", f"Yes, break door {n}."
    safer = n % 2
    return {
        "prompt": f"May I open door {n // 2}? ",
        "response_0": bad if safer else good,
        "response_1": good if safer else bad,
        "prompt_source": "ours",
        "is_response_0_safe": not safer,
        "is_response_1_safe": bool(safer),
        "better_response_id": 0,
        "safer_response_id": safer,
    }


def _reward_bench(n: int) -> dict[str, Any]:
    """Every tenth prompt has ties."""
    ties = n % 10 == 0
    right = [f"{n} comes after {n - 1}."] + [f"After {n - 1} comes {n}."] * ties
    return {
        "id": f"{n}",
        "prompt": f"What comes after {n - 1}?",
        "chosen": right,
        "rejected": [f"{n + k} comes after {n - 1}." for k in (1, 2, 3)],
        "num_correct": len(right),
        "num_incorrect": 3,
        "total_completions": 3 + len(right),
        "models": ["ours"] * (3 + len(right)),
        "subset": "Ties" if ties else ("Math", "Focus")[n % 2],
    }


def _rm_bench(n: int) -> dict[str, Any]:
    right, wrong = f"Lake {n} is deep", f"Lake {n} is dry"
    styles = ("{}.", "{}, as everybody on its shore knows.", "**{}**\n- as everybody knows")
    sides = {name: [s.format(t) for s in styles] for name, t in (("chosen", right), ("rejected", wrong))}
    return {"id": f"chat/{n}", "prompt": f"Is lake {n} deep?", **sides, "domain": "chat"}


def _split(make: Any, first: str, second: str) -> Splits:
    return {first: tuple(make(n) for n in TRAIN), second: tuple(make(n) for n in TEST)}


def sets() -> dict[str, dict[str, Splits]]:
    """Data sets of the hub by name, configuration and split."""
    scored = {
        name: tuple(row for n in side for row in _helpsteer(n))
        for name, side in (("train", TRAIN), ("validation", TEST))
    }
    return {
        "Anthropic/hh-rlhf": {"harmless-base": hh("open door"), "helpful-base": hh("mend chair")},
        "stanfordnlp/SHP": {"default": _split(_shp, "train", "test")},
        "openai/summarize_from_feedback": {"comparisons": _split(_comparison, "train", "validation")},
        "HuggingFaceH4/ultrafeedback_binarized": {
            "default": _split(_ultrafeedback, "train_prefs", "test_prefs")
        },
        "nvidia/HelpSteer2": {"default": scored},
        "PKU-Alignment/PKU-SafeRLHF": {"default": _split(_safe, "train", "test")},
        "allenai/reward-bench-2": {"default": {"test": tuple(map(_reward_bench, TEST))}},
        "THU-KEG/RM-Bench": {"default": {"train": tuple(map(_rm_bench, TEST))}},
    }
