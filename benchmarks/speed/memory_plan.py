"""Calculated, not measured: memory, speed and cost of fits of models that outgrow one GPU.

``python -m benchmarks.speed.memory_plan`` prints the tables of docs/how-to/scale.md. 1 GB is 1e9 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Way = Literal["full", "lora"]
GB = 1e9


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoder:
    """A decoder of the Qwen2 kind: grouped attention with biases at q, k and v, gated feed-forward."""

    name: str
    width: int
    layers: int
    heads: int
    kv_heads: int
    hidden: int  # of the feed-forward
    vocabulary: int
    tied: bool = False

    @property
    def kv(self) -> int:
        """Width of keys, and of values."""
        return self.width // self.heads * self.kv_heads

    @property
    def block(self) -> int:
        """Number of parameters of one block."""
        attention = 2 * self.width**2 + 2 * self.width * self.kv + self.width + 2 * self.kv
        return attention + 3 * self.width * self.hidden + 2 * self.width

    @property
    def blocks(self) -> int:
        """Parameters that multiply every token."""
        return self.layers * self.block

    @property
    def ends(self) -> int:
        """Embedding, language-model head (loaded also where a task has a head of its own), last norm."""
        return self.vocabulary * self.width * (1 if self.tied else 2) + self.width

    @property
    def parameters(self) -> int:
        """Number of parameters of the whole model."""
        return self.blocks + self.ends

    def adapters(self, rank: int) -> int:
        """LoRA parameters at every linear layer of the blocks."""
        both = 2 * (self.width + self.width) + 2 * (self.width + self.kv) + 3 * (self.width + self.hidden)
        return self.layers * rank * both


QWEN = tuple(
    Decoder(name=n, width=w, layers=d, heads=h, kv_heads=k, hidden=f, vocabulary=v, tied=t)
    for n, w, d, h, k, f, v, t in (
        ("Qwen2.5-0.5B", 896, 24, 14, 2, 4864, 151936, True),
        ("Qwen2.5-1.5B", 1536, 28, 12, 2, 8960, 151936, True),
        ("Qwen2.5-7B", 3584, 28, 28, 4, 18944, 152064, False),
        ("Qwen2.5-14B", 5120, 48, 40, 8, 13824, 152064, False),
        ("Qwen2.5-32B", 5120, 64, 40, 8, 27648, 152064, False),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """Eight GPUs; ``share``, the model FLOPs utilisation, and ``dollars`` are assumptions."""

    gpus: int = 8
    peak: float = 989e12  # FLOP/s of an H100 in bf16 without sparsity
    share: float = 0.35
    memory: float = 80 * GB
    overhead: float = 3 * GB  # CUDA context, NCCL buffers, fragments
    dollars: float = 2.5  # a GPU hour
    load: float = 120.0  # seconds until a model of 32B stands on the GPUs; smaller ones in proportion


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """The part of ``paper`` that is repeated: 22 tasks, 3 seeds, teachers below one student, two methods."""

    tasks: int = 22
    seeds: int = 3
    methods: int = 2
    train: int = 4000
    epochs: int = 2
    batch: int = 32
    longest: int = 512  # tokens: for memory
    mean: int = 256  # tokens: for time
    test: int = 2000
    rank: int = 16


def memory(model: Decoder, way: Way, node: Node, work: Work) -> dict[str, float]:
    """Bytes on each GPU, by purpose.

    Parameters, gradients and optimizer states are in single precision and sharded. Two blocks at a time and
    the ends are gathered in bf16. Activations are each block's input and all of one recomputed block.
    """
    trained = model.parameters if way == "full" else model.adapters(work.rank)
    tokens = work.batch * work.longest / node.gpus
    inside = 8 * model.width + 2 * model.kv + 4 * model.hidden  # what the backward of a block keeps, a token
    gradient = 2 * (model.block + model.vocabulary * model.width) if way == "full" else 0
    return {
        "parameters": 4 * model.parameters / node.gpus,
        "gradients": 4 * trained / node.gpus,
        "optimizer": 8 * trained / node.gpus,
        "gathered": 2 * (2 * model.block + model.ends) + gradient,
        "activations": 2 * tokens * (model.width * model.layers + inside),
        "overhead": node.overhead,
    }


def tokens_a_second(model: Decoder, way: Way | Literal["read"], node: Node) -> float:
    """Tokens a second of all GPUs: 6 (full), 4 (LoRA) or 2 (read) FLOPs for each parameter and token."""
    flops = {"full": 6, "lora": 4, "read": 2}[way]
    return node.gpus * node.peak * node.share / (flops * model.blocks)


def seconds(model: Decoder, way: Way, node: Node, work: Work, answered: int) -> float:
    """Seconds of one fit on the whole node, including predictions on ``answered`` items."""
    trained = work.train * work.epochs * work.mean / tokens_a_second(model, way, node)
    read = answered * work.mean / tokens_a_second(model, "read", node)
    return trained + read + node.load * model.parameters / QWEN[-1].parameters


def grid(
    teachers: tuple[Decoder, ...], student: Decoder, way: Way, node: Node, work: Work
) -> dict[str, float]:
    """Number of fits, hours on the node and dollars for T teachers, one student and M methods.

    T + 1 + T·M fits for each task and seed. Teachers are trained whole and label the transfer half.
    """
    times = work.tasks * work.seeds
    students = 1 + len(teachers) * work.methods
    below = sum(seconds(t, "full", node, work, work.test + work.train) for t in teachers)
    above = students * seconds(student, way, node, work, work.test)
    hours = times * (below + above) / 3600
    return {
        "fits": times * (len(teachers) + students),
        "hours": hours,
        "dollars": hours * node.gpus * node.dollars,
    }


def tables(node: Node | None = None, work: Work | None = None) -> str:
    """The tables of docs/how-to/scale.md in Markdown."""
    node, work = node or Node(), work or Work()
    parts = ("parameters", "gradients", "optimizer", "gathered", "activations", "overhead")
    rows = ["| GB a GPU | " + " | ".join(parts) + " | sum | fits 80 GB |", "|---|" + "---:|" * 8]
    speed = ["| 8 GPUs | tokens/s | one fit, s | fits | hours | dollars |", "|---|" + "---:|" * 5]
    ways: tuple[Way, ...] = ("full", "lora")
    for model in QWEN[2:]:
        for way in ways:
            need = memory(model, way, node, work)
            total = sum(need.values())
            cells = [f"{need[p] / GB:.1f}" for p in parts] + [f"{total / GB:.1f}"]
            fits = "yes" if total <= node.memory else "no"
            rows.append(f"| {model.name}, {way} | {' | '.join(cells)} | {fits} |")
            teachers = tuple(m for m in QWEN if m.parameters < model.parameters)[:3]
            cost = grid(teachers, model, way, node, work)
            rate, one = tokens_a_second(model, way, node), seconds(model, way, node, work, work.test)
            speed.append(
                f"| {model.name}, {way} | {rate:,.0f} | {one:.0f} | {cost['fits']:.0f} | {cost['hours']:.1f}"
                f" | {cost['dollars']:,.0f} |"
            )
    return "\n".join([*rows, "", *speed])


if __name__ == "__main__":
    print(tables())
