"""The zoo's builders from inside: corpora without a task's item, positions, mixtures, optimizers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random

import chess
import numpy as np
import pandas as pd
import pytest
import torch
from support.random_chess import puzzles, random_game, selfplay

from w2s_bench.benchmarks.zoo.chess import corpus
from w2s_bench.benchmarks.zoo.chess.batches import load
from w2s_bench.benchmarks.zoo.chess.build_corpus import tactics
from w2s_bench.benchmarks.zoo.chess.fast_board import Replay, orient
from w2s_bench.benchmarks.zoo.chess.loss import centre_promotions
from w2s_bench.benchmarks.zoo.chess.recipe import Recipe
from w2s_bench.benchmarks.zoo.muon import orthogonal
from w2s_bench.benchmarks.zoo.text.corpus import END, held_out, rows
from w2s_bench.benchmarks.zoo.text.pretrain import batches
from w2s_bench.benchmarks.zoo.text.recipe import Recipe as TextRecipe
from w2s_bench.models._board import board_before, flip, see
from w2s_bench.reserve import reserved
from w2s_bench.task import load_task
from w2s_bench.world.documents import documents, runs

RECIPE = Recipe(positions=640, batch=32, warmup_steps=5, shares={"selfplay": 0.6, "lines": 0.4})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus of random games and lines."""
    folder, rng = tmp_path_factory.mktemp("corpus"), Random(0)
    games = sorted(selfplay(folder / "games", rng).glob("games-*"))
    lichess = puzzles(rng, 150)
    generated = pd.DataFrame({"fen": [chess.STARTING_FEN], "last_move": ["e2e4"], "game": ["g0"]})
    shown = corpus.keys(corpus.task_positions(lichess, generated))
    corpus.save("selfplay", corpus.selfplay(games, frozenset(generated.game)), shown, folder)
    corpus.save("lines", corpus.lines(lichess), shown, folder)
    return folder


def test_an_encoded_position_is_what_the_board_network_sees() -> None:
    rng = Random(1)
    for _ in range(10):
        replay, board, last = Replay(chess.STARTING_FEN), chess.Board(), None
        for uci in random_game(rng, 120):
            row, move = orient(replay.row(uci))[0].tolist(), chess.Move.from_uci(uci)
            seen = see(chess.Board(board.fen()), last)
            if last is not None:
                assert row[:68] == [
                    *seen.pieces,
                    seen.castling,
                    seen.en_passant,
                    seen.last_from,
                    seen.last_to,
                ]
            assert row[68:70] == [flip(move.from_square, board.turn), flip(move.to_square, board.turn)]
            board.push(move)
            replay.push(uci)
            last = move


def test_no_position_that_a_task_shows_is_in_the_corpus() -> None:
    lichess = puzzles(Random(2), 300)
    tactics = pd.DataFrame({"fen": [chess.STARTING_FEN], "last_move": ["e2e4"]})
    shown = corpus.task_positions(lichess, tactics)
    kept = lichess[lichess.GameId.map(reserved)]
    assert 0 < len(kept) < len(lichess) and len(shown) == len(kept) + 1
    lines = orient(b"".join(row for _, rows in corpus.lines(lichess) for row in rows))
    left = corpus.without(np.concatenate([lines, shown]), corpus.keys(shown))
    assert len(left) and not corpus.keys(left) & corpus.keys(shown)


def test_positions_of_real_tasks_have_the_keys_of_their_items() -> None:
    shown = corpus.keys(corpus.task_positions(puzzles(Random(3), 1), tactics()))
    task = load_task("chess/tactics-generated")
    for part in ("train", "test"):
        some = [task.build(row).item for row in task.rows(part, None)[:100]]
        assert {bytes(see(*board_before(item)).pieces) for item in some} <= shown


def test_all_generated_tactics_are_left_out() -> None:
    """Those of training games and of test games, whichever task shows them."""
    games = set(tactics().game)
    for name in ("chess/tactics-generated", "chess/tactics-easy-to-hard"):
        task = load_task(name)
        for part in ("train", "test"):
            assert games >= {task.group(row) for row in task.rows(part, None)}


def test_a_batch_follows_from_seed_and_step_alone(data: Path) -> None:
    mixture = load(data, "train", RECIPE.shares)
    assert (mixture.draw(32, 1, 7) == mixture.draw(32, 1, 7)).all()
    assert (mixture.draw(32, 1, 7) != mixture.draw(32, 1, 8)).any()
    recipe, words = TextRecipe(tokens=10_000, row=16, batch=4), {w: k for k, w in enumerate(sorted(_words()))}
    whole, later = batches(words, recipe, 0), batches(words, recipe, 3)
    assert [b.tolist() for b in islice(whole, 3, 5)] == [b.tolist() for b in islice(later, 2)]


def _words() -> set[str]:
    some = islice(documents(1000, held_out()), 500)
    return {word for text in some for word in text.split()} | {END}


def test_promotions_share_the_probability_of_their_pair() -> None:
    net = RECIPE.network(8, 1)
    centre_promotions(net)
    assert net.promotion[1:].exp().sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", [(16, 144), (64, 16)])
def test_orthogonal_matrices_have_like_singular_values(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert values.min() > 0.6 and values.max() < 1.3


def test_rows_hold_no_item_of_a_task() -> None:
    held = held_out()
    words = sorted({word for t in islice(documents(7, held), 3000) for word in t.split()} | {END})
    ids = {word: k for k, word in enumerate(words)}
    stream = rows(ids, 7, held, 64)
    seen = " ".join(words[k] for row in islice(stream, 60) for k in row)
    for document in seen.split(END)[1:-1]:
        if document.strip().endswith("."):
            assert not any(run in held for run in runs(document.strip()))
