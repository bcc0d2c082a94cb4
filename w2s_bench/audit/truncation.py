"""How many test inputs each tokenizer truncates at the length that suites take by default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from w2s_bench.audit.finding import Finding
from w2s_bench.audit.parts import Drawn
from w2s_bench.errors import BadModel
from w2s_bench.model import family_of
from w2s_bench.registry.items import CORE, items
from w2s_bench.suite import Training

MOST = 0.25
LENGTH = Training().max_length


def truncated(drawn: Drawn, tokenizers: Sequence[str] = (), length: int = LENGTH) -> Iterator[Finding]:
    """Share of test items longer than ``length`` tokens: the shipped tokenizers', and of any named ones.

    Board networks read no tokens, so only text models count. Errors: BadModel for a tokenizer that
    cannot be loaded.
    """
    for name, path in _shipped().items():
        if drawn.card.domain != "chess" or name == "llama":
            yield _finding(drawn, name, _from_file(str(path)), length)
    for name in tokenizers:
        yield _finding(drawn, name, _named(name), length)


def _finding(drawn: Drawn, name: str, tokenizer: Any, length: int) -> Finding:
    counts = [_tokens(tokenizer, text) for text in _texts(drawn)]
    share = sum(n > length for n in counts) / len(counts)
    median = sorted(counts)[len(counts) // 2]
    text = f"{share:.1%} of the test items are longer than {length} tokens; the median has {median}"
    return Finding("truncated", share, MOST, text, of=name)


def _texts(drawn: Drawn) -> list[str]:
    """The longest text that a model reads of an item: the prompt, and the longest option of its own."""
    if drawn.card.classes:
        return [e.prompt for e in drawn.test]
    return [f"{e.prompt} {max(e.options, key=len)}" for e in drawn.test]


def _tokens(tokenizer: Any, text: str) -> int:
    encoded = tokenizer.encode(text, add_special_tokens=False)
    return len(encoded.ids if hasattr(encoded, "ids") else encoded)


def _shipped() -> dict[str, Path]:
    """One of each tokenizer that ships with a model family."""
    families = (family_of(name)[1] for name, item in items("model").items() if item.pack == CORE)
    return {name: path for family in families for name, path in family.tokenizers().items()}


@cache
def _from_file(path: str) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(path)


def _named(name: str) -> Any:
    """By hub name, name@revision or folder, as ``hf:`` models are named."""
    from transformers import AutoTokenizer

    bare, _, revision = name.removeprefix("hf:").partition("@")
    where = {"revision": revision} if revision else {}
    try:
        return AutoTokenizer.from_pretrained(bare, trust_remote_code=False, **where)
    except Exception as error:
        raise BadModel(
            f"tokenizer cannot be loaded: {type(error).__name__}: {error}"[:300],
            where=name,
            expected="a name on the hub or a folder with a tokenizer",
            mend="check the name, or download it elsewhere and give its folder",
        ) from None
