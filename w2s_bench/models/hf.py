"""hf:NAME — any causal language model of transformers, by hub name (NAME@REVISION) or local folder."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from w2s_bench.errors import BadModel
from w2s_bench.model import Model, ModelFamily, Shape
from w2s_bench.models._folder import folder_hash
from w2s_bench.models._text import EVERY_DOMAIN, text_model

RANDOM = "random:"
SIZE = re.compile(r"[-_](\d+(?:\.\d+)?)(m|b)(?![a-z0-9])", re.IGNORECASE)
MILLIONS = {"m": 1, "b": 1000}
WEIGHTS = ("*.safetensors", "*.safetensors.index.json")


class HuggingFace(ModelFamily):
    """Pretrained weights through transformers; safetensors only, remote code never."""

    domains = answers_untrained = EVERY_DOMAIN
    generates = frozenset({"nlp", "reward"})
    folders = True
    usage = "hf:ORG/NAME, hf:ORG/NAME@REVISION or hf:path/to/folder; random:NAME for the same untrained"

    def check(self, argument: str) -> None:
        """Check that a local folder holds a configuration, weights and a tokenizer. Errors: BadModel."""
        argument = argument.removeprefix(RANDOM)
        if not argument:
            raise BadModel("no model is named", where="hf:", expected=self.usage)
        if not _is_folder(argument):
            return
        folder = Path(argument)
        if not folder.is_dir():
            raise BadModel("no such model folder", where=argument, expected=self.usage)
        needed = {
            "config.json": ("config.json",),
            "weights (*.safetensors)": WEIGHTS,
            "a tokenizer (tokenizer.json or vocabulary files)": ("tokenizer*", "vocab*", "*.model"),
        }
        for what, patterns in needed.items():
            if not any(p for pattern in patterns for p in folder.glob(pattern)):
                raise BadModel(
                    f"model folder without {what}",
                    where=str(folder),
                    expected="what save_pretrained of a model and its tokenizer writes",
                    mend="save both into that folder with safetensors weights",
                )

    def fingerprint(self, argument: str) -> str:
        """SHA-256 of a local folder's files, or the commit of a hub name's revision."""
        prefix, argument = _split(argument)
        if _is_folder(argument):
            return prefix + folder_hash(Path(argument))
        return f"{prefix}hub:{_commit(argument)}"

    def size(self, argument: str) -> int | None:
        """From the size of local weights (2 bytes a parameter) or from a hub name such as ``pythia-1.4b``."""
        argument = argument.removeprefix(RANDOM)
        if not _is_folder(argument):
            size = SIZE.search(argument.partition("@")[0])
            return round(float(size[1]) * MILLIONS[size[2].lower()] * 1e6) if size else None
        return sum(p.stat().st_size for p in Path(argument).glob("*.safetensors")) // 2

    def untrained(self, argument: str) -> str:
        """The same configuration and tokenizer with random weights."""
        return RANDOM + argument.removeprefix(RANDOM)

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """Load weights in single precision and the tokenizer."""
        random, named = _split(argument)
        name, _, revision = named.partition("@") if not _is_folder(named) else (named, "", "")
        where: dict[str, Any] = {"revision": revision} if revision else {}
        try:
            lm, tokenizer = load(name, random=bool(random), **where)
        except Exception as error:
            raise _unloadable(argument, error) from None
        return text_model(lm, tokenizer, shape, argument)


def load(name: str, *, random: bool = False, **where: Any) -> tuple[Any, Any]:
    """A causal language model in single precision and its tokenizer; ``random``: with random weights."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    where |= {"trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(name, **where)
    if random:
        config = AutoConfig.from_pretrained(name, **where)
        return AutoModelForCausalLM.from_config(config, trust_remote_code=False).float(), tokenizer
    return AutoModelForCausalLM.from_pretrained(
        name, use_safetensors=True, dtype="float32", **where
    ), tokenizer


def _split(argument: str) -> tuple[str, str]:
    """The prefix ``random:`` or nothing, and the name."""
    return (RANDOM, argument.removeprefix(RANDOM)) if argument.startswith(RANDOM) else ("", argument)


def _is_folder(argument: str) -> bool:
    return argument.startswith((".", "/", "~")) or Path(argument).is_dir()


@cache
def _commit(argument: str) -> str:
    """Name and commit of a model on the hub, or in the local cache if the hub is out of reach."""
    from huggingface_hub import hf_hub_download

    name, _, revision = argument.partition("@")
    try:
        path = Path(hf_hub_download(name, "config.json", revision=revision or None))
    except Exception as error:
        raise _unloadable(argument, error) from None
    return f"{name}@{path.parent.name}"


def _unloadable(argument: str, error: Exception) -> BadModel:
    return BadModel(
        f"model cannot be loaded: {type(error).__name__}: {error}"[:300],
        where=f"hf:{argument}",
        expected=HuggingFace.usage,
        mend="check the name, or download it elsewhere and give its folder",
    )


FAMILY = HuggingFace()
