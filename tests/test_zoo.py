"""The zoo's builders: corpora without a task's item, runs that can be cut anywhere, models that load."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random

import chess
import numpy as np
import pandas as pd
import pytest
import torch

from w2s_bench.model import Shape, build_model
from w2s_bench.models._board import board_before, flip, see
from w2s_bench.reserve import reserved
from w2s_bench.task import Item, load_task
from w2s_bench.world.documents import CONCEPTS, runs
from w2s_bench.zoo import text
from w2s_bench.zoo.chess import corpus, pretrain
from w2s_bench.zoo.chess.batches import Mixture, Rows, load
from w2s_bench.zoo.chess.checkpoint import restore
from w2s_bench.zoo.chess.objective import centre_promotions
from w2s_bench.zoo.chess.position import Replay, orient
from w2s_bench.zoo.chess.recipe import Recipe
from w2s_bench.zoo.muon import orthogonal

RECIPE = Recipe(positions=640, batch=32, warmup_steps=5, shares={"selfplay": 0.6, "lines": 0.4})


def random_game(rng: Random, plies: int = 60) -> list[str]:
    board, moves = chess.Board(), []
    while len(moves) < plies and not board.is_game_over():
        moves.append(rng.choice(sorted(m.uci() for m in board.legal_moves)))
        board.push_uci(moves[-1])
    return moves


def puzzles(rng: Random, count: int) -> pd.DataFrame:
    """Rows like those of the hub: the position before the opponent's move, and a line of six moves."""
    rows = []
    for number in range(count):
        moves = random_game(rng)
        board = chess.Board()
        for uci in moves[:20]:
            board.push_uci(uci)
        rows.append({"GameId": f"game{number}", "FEN": board.fen(), "Moves": " ".join(moves[20:26])})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus of random games and lines."""
    folder, rng = tmp_path_factory.mktemp("corpus"), Random(0)
    games = folder / "games"
    games.mkdir()
    with gzip.open(games / "games-1-0000.jsonl.gz", "wt", encoding="utf8") as file:
        for number in range(150):
            record = {"game": f"g{number}", "moves": " ".join(random_game(rng)), "random_plies": [0, 1]}
            file.write(json.dumps(record) + "\n")
    lichess = puzzles(rng, 150)
    tactics = pd.DataFrame({"fen": [chess.STARTING_FEN], "last_move": ["e2e4"], "game": ["g0"]})
    shown = corpus.keys(corpus.task_positions(lichess, tactics))
    corpus.save("selfplay", corpus.selfplay(games, frozenset(tactics.game)), shown, folder)
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
    task = load_task("chess/tactics-generated")
    rows = task.rows("train", None)[:200]
    shown = corpus.keys(corpus.task_positions(puzzles(Random(3), 1), pd.DataFrame(rows)))
    assert {bytes(see(*board_before(task.build(row).item)).pieces) for row in rows} <= shown


class Cut(Mixture):
    """Ends the process, as it were, at step 10."""

    def draw(self, size: int, seed: int, step: int) -> Rows:
        if step == 10:
            raise KeyboardInterrupt
        return super().draw(size, seed, step)


def test_a_run_that_was_cut_ends_as_if_it_had_not_been(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrain, "EVERY", 4)
    monkeypatch.setattr(pretrain, "KEEP", 1)
    mixture = load(data, "train", RECIPE.shares)

    def run(name: str, source: Mixture) -> torch.Tensor:
        net = RECIPE.network(8, 1)
        optimizers = RECIPE.optimizers(net)
        path = tmp_path / f"{name}.checkpoint.safetensors"
        pretrain._train(net, optimizers, RECIPE, source, restore(path, net, optimizers), path)
        return torch.cat([p.detach().flatten() for p in net.parameters()])

    whole = run("whole", mixture)
    with pytest.raises(KeyboardInterrupt):
        run("cut", Cut(mixture.rows, mixture.shares))
    assert torch.allclose(run("cut", mixture), whole, atol=1e-6)


def test_promotions_share_the_probability_of_their_pair() -> None:
    net = RECIPE.network(8, 1)
    centre_promotions(net)
    assert net.promotion[1:].exp().sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", [(16, 144), (64, 16)])
def test_orthogonal_matrices_have_like_singular_values(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
    assert values.min() > 0.6 and values.max() < 1.3


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A very short run of the text family."""
    folder = tmp_path_factory.mktemp("text")
    with pytest.MonkeyPatch.context() as patch:
        few = [t for concept in CONCEPTS for t, _ in concept.pool(400, 0)]
        patch.setattr(text, "texts", lambda: iter(few))
        patch.setattr(text, "PROBED", 4000)
        text.pretrain(16, 1, text.Recipe(tokens=64 * 32 * 30, warmup_steps=5), folder)
    yield folder


def test_a_short_run_learns_and_loads_as_any_model(member: Path) -> None:
    card = json.loads((member / "card.json").read_text("utf8"))
    first, last = card["curve"][0][1], card["curve"][-1][1]
    assert last < first - 0.5 and card["validation_loss"] < first
    built = build_model(f"hf:{member}", Shape(domain="nlp", classes=("no", "yes"), max_length=32), seed=0)
    item = Item(id="a", prompt=next(CONCEPTS[0].pool(1, 0))[0], options=("no", "yes"))
    assert built(built.collate(built.encode([item]))).shape == (1, 2)


def test_rows_hold_no_item_of_a_task() -> None:
    held = text.held_out()
    words = sorted({word for t in islice(text.documents(7, held), 3000) for word in t.split()} | {text.END})
    ids = {word: k for k, word in enumerate(words)}
    names = {k: word for word, k in ids.items()}
    stream = text.rows(ids, 7, held, 64)
    seen = " ".join(names[k] for row in islice(stream, 60) for k in row)
    for document in seen.split(text.END)[1:-1]:
        if document.strip().endswith("."):
            assert not any(run in held for run in runs(document.strip()))


def test_a_card_names_the_licences_of_its_own_sources(data: Path, tmp_path: Path) -> None:
    recipe = Recipe(positions=64, batch=32, shares={"selfplay": 1.0})
    net = recipe.network(8, 1)
    progress = restore(tmp_path / "none", net, recipe.optimizers(net))
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "validation", lambda net, data: {})
        card = pretrain._card("x", net, recipe, progress, data, weights)
    assert card["data_licences"] == {"selfplay": "MIT"}
