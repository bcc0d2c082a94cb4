"""What text members read: the world's documents as rows of tokens, without any text that a task shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from w2s_bench.world.documents import CONCEPTS, documents
from w2s_bench.world.pools import PREFERENCES, texts

PAD, END, UNKNOWN = "<pad>", "<eos>", "<unk>"
PROBED = 60_000  # documents whose words make the vocabulary
FIRST_SEED, VALIDATION_SEED = 1_000, 999_999  # of documents, so that no two corpora are one


def tokenizer() -> Any:
    """A token a word of the world, questions and answers included; the same each time."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: k for k, word in enumerate([PAD, END, UNKNOWN, *sorted(_words())])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token=PAD, eos_token=END, unk_token=UNKNOWN)


@cache
def _words() -> frozenset[str]:
    words = {word for text in islice(documents(123), PROBED) for word in text.split()}
    for concept in CONCEPTS:
        words.update(" ".join((concept.question, *concept.answers, *concept.name_it)).split())
    for kind in PREFERENCES:
        words.update(" ".join(kind.requests).split())
    return frozenset(words.union(*(text.split() for text in held_out())))


@cache
def held_out() -> frozenset[str]:
    """The texts of all generated tasks, and the answers of all pairs."""
    return frozenset(texts())


def rows(vocabulary: dict[str, int], seed: int, held: frozenset[str], length: int) -> Iterator[list[int]]:
    """Rows of ``length + 1`` token ids that begin where a document begins."""
    row: list[int] = []
    for text in documents(seed, held):
        row += [*(vocabulary[word] for word in text.split()), vocabulary[END]]
        if len(row) > length:
            yield row[: length + 1]
            row = []
