"""board:WxL — a convolutional policy network over the legal moves, W channels, L residual blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import chess
import torch
from torch import Tensor, nn

from w2s_bench.errors import BadModel
from w2s_bench.model import Batch, Model, ModelFamily, Shape, option_mask, untrained_scores
from w2s_bench.models._board import NO_SQUARE, Seen, board_before, flip, option_moves, see
from w2s_bench.task import Item

PROMOTIONS = {None: 0, chess.QUEEN: 1, chess.ROOK: 2, chess.BISHOP: 3, chess.KNIGHT: 4}


class Block(nn.Module):
    """A residual block of two 3×3 convolutions with a gate computed from the whole board."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.gate = nn.Linear(width, 2 * width)
        with torch.no_grad():
            self.second.weight.mul_(0.3)  # near the identity at first, so that depth does not hurt

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[B, W, 8, 8]`` to the same shape."""
        h = torch.relu(self.first(torch.relu(x)))
        scale, shift = self.gate(h.mean((2, 3))).chunk(2, dim=-1)
        return x + self.second(h * torch.sigmoid(scale)[..., None, None] + shift[..., None, None])


class BoardNet(Model):
    """Square embeddings, residual convolutions, and a bilinear from–to head read at the legal moves."""

    encodes_by_name = True

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.piece = nn.Embedding(13, width)
        self.square = nn.Parameter(torch.randn(64, width) * 0.1)
        self.castling = nn.Embedding(16, width)
        self.en_passant = nn.Embedding(9, width)
        self.last = nn.Parameter(torch.randn(2, width) * 0.3)
        for table in (self.piece, self.castling, self.en_passant):
            nn.init.normal_(table.weight, std=0.3)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.origin = nn.Linear(width, width)
        self.target = nn.Linear(width, width)
        self.offset = nn.Parameter(torch.zeros(225))  # a bias for each (rank, file) displacement
        self.promotion = nn.Parameter(torch.zeros(len(PROMOTIONS)))
        self.displacement: Tensor
        self.register_buffer("displacement", _displacements(), persistent=False)

    def encode(self, items: Sequence[Item]) -> list[Encoded]:
        """Positions and legal moves, seen from the side to move."""
        return [_encode(i) for i in items]

    def collate(self, encoded: Sequence[Encoded]) -> Batch:
        """Positions ``[B, …]`` and move indices ``[B, O]``."""
        seen = [e.seen for e in encoded]
        inputs = {"pieces": torch.tensor([s.pieces for s in seen])}
        for name in ("moves", "promotes"):
            rows = [torch.tensor(getattr(e, name)) for e in encoded]
            inputs[name] = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        for name in ("castling", "en_passant", "last_from", "last_to"):
            inputs[name] = torch.tensor([getattr(s, name) for s in seen])
        return Batch(inputs, option_mask([len(e.moves) for e in encoded]))

    def scores(self, batch: Batch) -> Tensor:
        """Logits of the legal moves ``[B, O]``."""
        x = batch.inputs
        logits = self.from_to(self.features(x))
        return logits.gather(1, x["moves"]) + self.promotion[x["promotes"]]

    def zero_shot(self, items: Sequence[Item]) -> Tensor:
        """Logits of the untrained policy ``[N, O]``."""
        return untrained_scores(self, items)

    def states(self, batch: Batch) -> Tensor:
        """States of each move's two squares, concatenated ``[B, O, 2W]``."""
        squares, moves = self.features(batch.inputs), batch.inputs["moves"]
        ends = torch.stack([moves // 64, moves % 64], -1).flatten(1)
        states = squares.gather(1, ends[..., None].expand(-1, -1, squares.shape[-1]))
        return states.float().view(*moves.shape, -1) * batch.mask[..., None]

    def head_parameters(self) -> list[nn.Parameter]:
        """The bilinear head and its two biases."""
        linear = [*self.origin.parameters(), *self.target.parameters()]
        return [*linear, self.offset, self.promotion]

    def features(self, x: dict[str, Tensor]) -> Tensor:
        """States of the squares ``[B, 64, W]``."""
        h = self.piece(x["pieces"]) + self.square
        h = h + (self.castling(x["castling"]) + self.en_passant(x["en_passant"]))[:, None]
        for k, name in enumerate(("last_from", "last_to")):
            here = nn.functional.one_hot(x[name], NO_SQUARE + 1)[:, :NO_SQUARE]
            h = h + here[..., None].to(h.dtype) * self.last[k]
        h = self.blocks(h.transpose(1, 2).unflatten(2, (8, 8))).flatten(2).transpose(1, 2)
        return self.norm(h)

    def from_to(self, h: Tensor) -> Tensor:
        """Logits of all from–to pairs ``[B, 4096]``."""
        products = self.origin(h) @ self.target(h).transpose(1, 2) / h.shape[-1] ** 0.5
        return (products + self.offset[self.displacement]).flatten(1)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A position and its options as from–to indices and promotion codes."""

    seen: Seen
    moves: list[int]
    promotes: list[int]


def _encode(item: Item) -> Encoded:
    board, last = board_before(item)
    options = option_moves(item, board)
    white = board.turn
    moves = [flip(m.from_square, white) * 64 + flip(m.to_square, white) for m in options]
    return Encoded(see(board, last), moves, [PROMOTIONS[m.promotion] for m in options])


def _displacements() -> Tensor:
    square = torch.arange(64)
    ranks = square[:, None] // 8 - square // 8 + 7
    files = square[:, None] % 8 - square % 8 + 7
    return ranks * 15 + files


class BoardFamily(ModelFamily):
    """Board networks with random weights, for chess tasks only."""

    domains = answers_untrained = frozenset({"chess"})
    usage = "board:WxL with W from 4 to 1024 and L from 1 to 64"

    def check(self, argument: str) -> None:
        _parse(argument)

    def size(self, argument: str) -> int:
        """Parameters of convolutions, gates, head and embeddings."""
        width, layers = _parse(argument)
        return layers * (20 * width**2 + 4 * width) + 2 * width**2 + 108 * width

    def untrained(self, argument: str) -> str:
        return argument

    def build(self, argument: str, shape: Shape, seed: int) -> Model:
        """A network with random weights; the caller has seeded the generator."""
        return BoardNet(*_parse(argument))


def _parse(argument: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4})x(\d{1,2})", argument)
    width, layers = map(int, match.groups()) if match else (0, 0)
    if not (4 <= width <= 1024 and 1 <= layers <= 64):
        raise BadModel(f"no size {argument!r}", where="model family board", expected=BoardFamily.usage)
    return width, layers


FAMILY = BoardFamily()
