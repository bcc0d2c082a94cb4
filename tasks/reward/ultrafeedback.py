"""UltraFeedback, binarized: which of two answers did GPT-4 score higher?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, preference
from w2s_bench.tasks.reward._card import preferences

CARD = preferences(
    "ultrafeedback",
    title="UltraFeedback, binarized: the best answer against another one",
    source="hub HuggingFaceH4/ultrafeedback_binarized, splits train_prefs and test_prefs",
    licence="MIT",
    citation="Cui et al. 2023, arXiv 2310.01377; binarized by Tunstall et al. 2023, arXiv 2310.16944",
    group="prompt (prompt_id)",
    size="61,135 pairs to train on, 2,000 for the test, before ties are left out",
    companions=("reward/reward-bench-2", "reward/rm-bench"),
    notes="GPT-4 scored the answers, no human compared them. Pairs with equal scores are left out.",
)


def reply(messages: list[Row]) -> str:
    """The assistant's text in a dialogue of one turn."""
    if [m["role"] for m in messages] != ["user", "assistant"]:
        raise ValueError(f"roles {[m['role'] for m in messages]} are not one user turn and one answer")
    return str(messages[1]["content"].strip())


def example(row: Row) -> Example:
    """The prompt and the two answers."""
    if not row["score_chosen"] > row["score_rejected"]:
        raise ValueError(f"scores {row['score_chosen']} and {row['score_rejected']} prefer no side")
    return preference(
        row["prompt"].strip(), reply(row["chosen"]), reply(row["rejected"]), group=row["prompt_id"]
    )


TASK = Task(
    card=CARD,
    source=HubSource(
        path="HuggingFaceH4/ultrafeedback_binarized",
        revision="2a3fb934ee563e5441bf211adaf5215c3fa508dd",
        columns=("prompt", "prompt_id", "chosen", "rejected", "score_chosen", "score_rejected"),
        train=("train_prefs",),
        test="test_prefs",
    ),
    example=example,
    group=lambda row: str(row["prompt_id"]),
    keep=lambda row: row["score_chosen"] != row["score_rejected"],
    ask=Ask("Is this a good answer? Answer:", ("no", "yes")),
)
