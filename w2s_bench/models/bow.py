"""bow — a linear model on bags of words (texts) or of move features (chess): the weakest teacher."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from operator import or_
from typing import Any

import chess
import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model, ModelFamily, Shape, option_mask, spread
from w2s_bench.models._board import board_before, flip, option_moves
from w2s_bench.task import Item

BUCKETS = 8192


class BagOfWords(Model):
    """Logits are sums of learned weights of hashed features, of the prompt (classes) or of each option."""

    encodes_by_name = True

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.outputs = len(shape.classes) or 1
        self.features = _move_features if shape.domain == "chess" else _option_words
        if shape.classes:
            self.features = _prompt_words
        self.weights = nn.EmbeddingBag(BUCKETS, self.outputs, mode="sum")
        nn.init.zeros_(self.weights.weight)

    def encode(self, items: Sequence[Item]) -> list[list[list[int]]]:
        """Feature ids: one bag an item (classes) or one bag an option."""
        return [self.features(i) for i in items]

    def collate(self, encoded: Sequence[list[list[int]]]) -> Batch:
        """All bags in one flat list with offsets, and where each bag's logit goes."""
        bags = [bag for e in encoded for bag in e]
        offsets = torch.tensor([0, *map(len, bags[:-1])]).cumsum(0)
        ids = torch.tensor([i for bag in bags for i in bag], dtype=torch.long)
        mask = option_mask([len(self.shape.classes) or len(e) for e in encoded])
        return Batch({"ids": ids, "offsets": offsets}, mask)

    def scores(self, batch: Batch) -> Tensor:
        """Logits of the options ``[B, O]``."""
        rows = self.weights(batch.inputs["ids"], batch.inputs["offsets"])
        return rows if self.shape.classes else spread(rows.squeeze(-1), batch.mask)


@cache
def _analyzer() -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(lowercase=True, token_pattern=r"\w+|[^\w\s]").build_analyzer()


@cache
def _bucket(word: str) -> int:
    from sklearn.utils import murmurhash3_32

    return int(murmurhash3_32(word, seed=0, positive=True)) % BUCKETS


def _words(text: str) -> list[int]:
    return [_bucket(w) for w in _analyzer()(text)] or [_bucket("")]


def _prompt_words(item: Item) -> list[list[int]]:
    return [_words(item.prompt)]


def _option_words(item: Item) -> list[list[int]]:
    return [_words(o) for o in item.options]


def _move_features(item: Item) -> list[list[int]]:
    board, _ = board_before(item)
    attacks = map(board.attacks_mask, chess.scan_forward(board.occupied_co[not board.turn]))
    theirs = reduce(or_, attacks, 0)  # all squares that the opponent attacks, as a bit board
    return [[_bucket(f) for f in _describe(board, m, theirs)] for m in option_moves(item, board)]


def _describe(board: chess.Board, move: chess.Move, theirs: int) -> list[str]:
    """Features of a move: piece and target, capture, attacked squares, check, promotion."""
    piece = chess.piece_symbol(board.piece_type_at(move.from_square) or chess.PAWN)
    victim = board.piece_type_at(move.to_square) or (chess.PAWN if board.is_en_passant(move) else 0)
    taken = chess.piece_symbol(victim) if victim else "-"
    guarded = bool(theirs >> move.to_square & 1)
    fleeing = bool(theirs >> move.from_square & 1)
    return [
        f"{piece} to {flip(move.to_square, board.turn)}",
        f"{piece} takes {taken} guarded {guarded}",
        f"{piece} flees {fleeing}",
        f"check {board.gives_check(move)} guarded {guarded}",
        f"promotes {move.promotion or 0}",
    ]


class BagOfWordsFamily(ModelFamily):
    """One size; features hashed into 8,192 buckets."""

    domains = frozenset({"nlp", "chess", "reward"})
    usage = "bow"

    def check(self, argument: str) -> None:
        if argument:
            raise BadModel(f"unexpected {argument!r}", where="model family bow", expected=self.usage)

    def size(self, argument: str) -> int:
        """Number of weights of one output."""
        return BUCKETS

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """A model with zero weights, whatever the seed."""
        return BagOfWords(shape)


FAMILY = BagOfWordsFamily()
