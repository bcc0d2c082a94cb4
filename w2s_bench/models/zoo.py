"""zoo:FAMILY/MEMBER — small models that this project pretrained and ships; @random for the same untrained."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from w2s_bench.errors import BadModel
from w2s_bench.model import Model, ModelFamily, Shape
from w2s_bench.models._folder import folder_hash
from w2s_bench.models._text import text_model
from w2s_bench.models.board import BoardNet
from w2s_bench.models.hf import load
from w2s_bench.records import Domain

WEIGHTS = Path(__file__).parent / "weights"
CARD = "card.json"
RANDOM = "@random"
DOMAINS: dict[str, frozenset[Domain]] = {
    "text": frozenset({"nlp", "reward"}),
    "chess": frozenset({"chess"}),
}


class Zoo(ModelFamily):
    """Text members are folders for transformers; chess members are weights of a board network."""

    domains = answers_untrained = frozenset({"nlp", "chess", "reward"})
    generates = frozenset({"nlp", "reward"})
    usage = "zoo:text/WxL, zoo:chess/WxL (see w2s-bench zoo list); with @random the same from random weights"

    def domains_of(self, argument: str) -> frozenset[Domain]:
        """The domains of text members or of chess members."""
        return DOMAINS[argument.partition("/")[0]]

    def check(self, argument: str) -> None:
        """Check that the member is shipped. Errors: BadModel."""
        name, known = argument.removesuffix(RANDOM), members()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            raise BadModel(
                f"no member {name!r}" + (f", near: {', '.join(near)}" if near else ""),
                where="model family zoo",
                expected=f"one of {', '.join(known)}",
            )

    def fingerprint(self, argument: str) -> str:
        """SHA-256 of the member's files other than its card."""
        random = "random:" if argument.endswith(RANDOM) else ""
        return random + folder_hash(folder(argument), but=(CARD,))

    def size(self, argument: str) -> int:
        """The number of parameters on its card."""
        return int(card(argument)["parameters"])

    def tokenizers(self) -> dict[str, Path]:
        """The tokenizer that all text members share."""
        paths = sorted(WEIGHTS.glob("text/*/tokenizer.json"))
        return {"zoo:text": paths[0]} if paths else {}

    def untrained(self, argument: str) -> str:
        """The same architecture and tokenizer with random weights."""
        return argument.removesuffix(RANDOM) + RANDOM

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """The member in single precision, with shipped or random weights; the caller has set the seed."""
        random = argument.endswith(RANDOM)
        if argument.startswith("chess/"):
            return _board(argument, random)
        return text_model(*load(str(folder(argument)), random=random), shape, f"zoo:{argument}")


def members() -> list[str]:
    """Names of shipped members as FAMILY/MEMBER, smallest first within a family."""
    names = [p.parent.relative_to(WEIGHTS).as_posix() for p in WEIGHTS.glob(f"*/*/{CARD}")]
    return sorted(names, key=lambda n: (n.partition("/")[0], card(n)["parameters"], n))


def folder(argument: str) -> Path:
    """The folder of a member's files."""
    return WEIGHTS / argument.removesuffix(RANDOM)


def card(argument: str) -> dict[str, Any]:
    """The card of a member: its parameters, sizes and training."""
    values: dict[str, Any] = json.loads((folder(argument) / CARD).read_text("utf8"))
    return values


def _board(argument: str, random: bool) -> BoardNet:
    from safetensors.torch import load_file

    size = card(argument)
    net = BoardNet(int(size["width"]), int(size["layers"]))
    if not random:
        weights = load_file(folder(argument) / "model.safetensors")
        net.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return net


FAMILY = Zoo()
