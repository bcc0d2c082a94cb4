"""Toy items of the three domains and a tiny model folder, for checks that need no data set and no network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import chess
import torch

from w2s_bench.model import Model, Shape
from w2s_bench.models import llama
from w2s_bench.records import Domain
from w2s_bench.task import Item

CLASSES = ("negative", "positive")
DOMAINS: tuple[Domain, ...] = ("nlp", "chess", "reward")
MAX_LENGTH = 96

PROMPTS = (
    "the show was good .",
    "the waiter was not friendly , and the soup was cold , but i liked the music all the same .",
    "no .",
    "although the room was dark , the bed was clean and the host was very kind to us .",
    "the tour was far from boring .",
    "i expected the plot to be dull but i was wrong .",
)
POSITIONS = (
    "r3k2r/p6p/8/8/8/8/P6P/R3K2R w KQkq - 4 9",  # castling, both sides
    "4k3/P6P/8/8/8/8/1p4p1/4K3 b - - 0 1",  # promotions
    "rnbqkbnr/ppp1p1pp/8/3pPp2/8/8/PPPP1PPP/RNBQKBNR w KQkq f6 0 3",  # en passant
    "7k/7p/8/8/8/7P/r7/7K w - - 0 1",  # two legal moves
    "8/8/8/3k4/8/3K4/3P4/8 w - - 0 1",
)


def text_item(prompt: str, options: tuple[str, ...] = CLASSES) -> Item:
    """An item of the text domains."""
    return Item(id=f"{prompt}|{options}", prompt=prompt, options=options)


def move_item(board: chess.Board, last: chess.Move | None = None) -> Item:
    """The choice among the legal moves of a position; ``last`` led to it."""
    position = f"{board.fen()} {last.uci()}" if last else board.fen()
    moves = tuple(sorted(move.uci() for move in board.legal_moves))
    return Item(id=position, prompt=f"{board.fen()} best move:", options=moves, position=position)


@cache
def items(domain: Domain) -> tuple[Item, ...]:
    """A few items of unlike length; chess ones have from two to forty-odd legal moves."""
    if domain == "nlp":
        return tuple(text_item(prompt) for prompt in PROMPTS)
    if domain == "reward":
        # No cycle: with one and the same answer its gradients would cancel at a head of zeros.
        pairs = [(PROMPTS[0], text) for text in PROMPTS[1:]] + [(PROMPTS[1], PROMPTS[2])]
        return tuple(text_item("please write a review :", pair) for pair in pairs)
    return (*(move_item(chess.Board(fen)) for fen in POSITIONS), *_played(2))


def _played(count: int) -> list[Item]:
    """Positions of one random game, with the move that led to each."""
    rng, board, found = Random(0), chess.Board(), []
    for _ in range(count):
        for _ in range(7):
            last = rng.choice(sorted(board.legal_moves, key=str))
            board.push(last)
        found.append(move_item(board, last))
    return found


def shape(domain: Domain) -> Shape:
    """What a model must know of the toy task."""
    return Shape(domain=domain, classes=CLASSES if domain == "nlp" else (), max_length=MAX_LENGTH)


CHOICE = Shape(domain="nlp", max_length=MAX_LENGTH)  # no classes: items have options of their own


@cache
def choices() -> tuple[Item, ...]:
    """nlp items with two to five options of their own."""
    prompts = PROMPTS[:2]
    return tuple(text_item(prompt, PROMPTS[k : k + 2 + k]) for prompt in prompts for k in (0, 1, 2))


@torch.no_grad()
def stir(model: Model, scale: float = 0.3, seed: int = 0) -> Model:
    """Noise on every parameter, so that heads that start from zero say something; evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.add_(scale * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def model_folder(folder: Path) -> Path:
    """A tiny Llama and its tokenizer, saved as ``save_pretrained`` of transformers does."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # nobody waits for three files
    model = llama.FAMILY.build("16x1", shape("chess"), seed=0)
    model.lm.save_pretrained(folder)  # type: ignore[union-attr, operator]
    model.tokenizer.save_pretrained(folder)  # type: ignore[union-attr, operator]
    return folder
