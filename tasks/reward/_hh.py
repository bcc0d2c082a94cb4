"""HH-RLHF: two dialogues that part at an assistant's turn, of which people preferred one."""

from __future__ import annotations

from w2s_bench.sources import HubSource, Row
from w2s_bench.task import Ask, Example, Task, preference
from w2s_bench.tasks.reward._card import preferences

TURN = "\n\nAssistant:"
# The main branch with configurations named in its card: the data are those of 09be8c5, its parent.
REVISION = "441a767f732b52f40a9afca67a1c87594a05842d"


def hh(part: str, other: str, *, bad: str, size: str, notes: str) -> Task:
    """Pairs of one part (``helpful`` or ``harmless``), its splits pooled; ``bad`` is the opposite word."""
    configuration = f"{part}-base"
    card = preferences(
        f"hh-{part}",
        title=f"Anthropic HH-RLHF, {part} base",
        source=f"hub Anthropic/hh-rlhf ({configuration}), train and test splits pooled; "
        "our own test set is drawn",
        licence="MIT",
        citation="Bai et al. 2022, arXiv 2204.05862",
        group="prompt (the dialogue up to the last shared assistant turn)",
        size=size,
        pretraining="public since 2022 and widely trained on; copies stand in instruction-tuning mixtures",
        companions=(f"reward/hh-{other}",),
        findings=(("truncated", "dialogues are long; the reply stands at the end, which is kept"),),
        notes=notes,
    )
    return Task(
        card=card,
        source=HubSource(
            path="Anthropic/hh-rlhf",
            config=configuration,
            revision=REVISION,
            columns=("chosen", "rejected"),
            train=("train", "test"),
        ),
        example=example,
        group=lambda row: shared_prompt(row["chosen"], row["rejected"]),
        ask=Ask(f"is this answer {part} ? it is", (bad, part)),
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
