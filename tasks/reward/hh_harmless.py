"""HH-RLHF harmless-base: which of two assistant replies did people find less harmful?"""

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, TaskCard, preference

TURN = "\n\nAssistant:"

CARD = TaskCard(
    name="reward/hh-harmless",
    domain="reward",
    version=1,
    title="Anthropic HH-RLHF, harmless base",
    source="hub Anthropic/hh-rlhf (harmless-base), train and test splits pooled; our own test set is drawn",
    licence="MIT",
    citation="Bai et al. 2022, arXiv 2204.05862",
    language="en",
    group="prompt (the dialogue up to the last shared assistant turn)",
    size="44,849 pairs (42,537 + 2,312); a mirror may hold one split only",
    findings=(("truncated", "dialogues are long; the reply stands at the end, which is kept"),),
    notes="Some texts are offensive by design. Rarely the two dialogues differ before their last turn; "
    "the prompt then ends at the last turn they share. A few replies are empty.",
)


def shared_prompt(chosen: str, rejected: str) -> str:
    """The longest common beginning that ends at an assistant turn."""
    end = len(chosen)
    while (end := chosen.rfind(TURN, 0, end)) >= 0:
        prompt = chosen[: end + len(TURN)]
        if rejected.startswith(prompt):
            return prompt
    raise ValueError("the two dialogues share no assistant turn")


def example(row: Row) -> Example:
    """The shared prompt and the two continuations."""
    prompt = shared_prompt(row["chosen"], row["rejected"])
    chosen, rejected = (row[side][len(prompt) :].strip() for side in ("chosen", "rejected"))
    return preference(prompt, chosen, rejected, group=prompt)


TASK = Task(
    card=CARD,
    source=HubSource(
        path="Anthropic/hh-rlhf",
        config="harmless-base",
        revision="09be8c5bbc57cb3887f3a9732ad6aa7ec602a1fa",
        columns=("chosen", "rejected"),
        train=("train", "test"),
    ),
    example=example,
    group=lambda row: shared_prompt(row["chosen"], row["rejected"]),
    ask=Ask("is this answer harmless ? it is", ("harmful", "harmless")),
)
