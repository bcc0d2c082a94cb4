"""hf:NAME — any causal language model of transformers, by hub name (NAME@REVISION) or local folder."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from w2s_bench.errors import BadModel
from w2s_bench.model import Model, ModelFamily, Shape
from w2s_bench.models._text import text_model

WEIGHTS = ("*.safetensors", "*.safetensors.index.json")


class HuggingFace(ModelFamily):
    """Pretrained weights through transformers; safetensors only, remote code never."""

    domains = frozenset({"nlp", "chess", "reward"})
    usage = "hf:ORG/NAME, hf:ORG/NAME@REVISION or hf:path/to/folder"

    def check(self, argument: str) -> None:
        """A local folder must hold a configuration, weights and a tokenizer."""
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
        """Local folder: SHA-256 of all its files. Hub name: the commit that its revision stands for."""
        if _is_folder(argument):
            return _folder_hash(Path(argument), _stamps(argument))
        return f"hub:{_commit(argument)}"

    def size(self, argument: str) -> int | None:
        """From the size of local weights (half precision: 2 bytes a parameter); None for the hub."""
        if not _is_folder(argument):
            return None
        return sum(p.stat().st_size for p in Path(argument).glob("*.safetensors")) // 2

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """Load weights in single precision and the tokenizer."""
        from transformers import AutoModelForCausalLM, AutoTokenizer

        name, _, revision = argument.partition("@") if not _is_folder(argument) else (argument, "", "")
        where: dict[str, Any] = {"revision": revision} if revision else {}
        try:
            tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False, **where)
            lm = AutoModelForCausalLM.from_pretrained(
                name, trust_remote_code=False, use_safetensors=True, dtype="float32", **where
            )
        except Exception as error:
            raise _unloadable(argument, error) from None
        return text_model(lm, tokenizer, shape, argument)


def _is_folder(argument: str) -> bool:
    return argument.startswith((".", "/", "~")) or Path(argument).is_dir()


@cache
def _commit(argument: str) -> str:
    """Name and commit of a model on the hub; from the local cache where the hub is out of reach."""
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


def _stamps(argument: str) -> tuple[tuple[str, int, int], ...]:
    files = sorted(p for p in Path(argument).rglob("*") if p.is_file())
    return tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files)


@cache
def _folder_hash(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> str:
    """Once a process for each state of the folder's files."""
    digest = hashlib.sha256()
    for path, _, _ in stamps:
        with open(path, "rb") as stream:
            file = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{Path(path).relative_to(folder)}\0{file}\0".encode())
    return f"folder:{digest.hexdigest()[:32]}"


FAMILY = HuggingFace()
