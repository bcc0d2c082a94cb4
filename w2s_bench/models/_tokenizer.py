"""Train the byte-pair tokenizer that ships for randomly initialised models.

``zstdcat english_novels.jsonl.zst | head -n 40 | python -m w2s_bench.models._tokenizer`` writes
``data/tokenizer.json``: byte-level, so that any text (chess positions too) has tokens.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).parent / "data" / "tokenizer.json"
VOCABULARY = 2048
SPECIAL = ["<s>", "</s>"]


def texts() -> Iterator[str]:
    """The ``text`` field of JSON lines on standard input."""
    return (json.loads(line)["text"] for line in sys.stdin)


def main() -> None:
    """Train the tokenizer and write its file."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts(), trainer)
    FILE.parent.mkdir(exist_ok=True)
    tokenizer.save(str(FILE), pretty=False)


if __name__ == "__main__":
    main()
