"""Chess models that read the board: colour symmetry, what of a position and a move they can tell apart."""

from __future__ import annotations

from dataclasses import replace

import chess
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from w2s_bench.contract import toys
from w2s_bench.model import MASKED, Model, build_model
from w2s_bench.models._board import NO_SQUARE, board_before, flip, see
from w2s_bench.models.board import PROMOTIONS
from w2s_bench.task import Item

torch.set_num_threads(1)  # these products are too small to share: threads would wait for each other
NAMES = ("board:8x2", "bow")
RIGHTS = ["".join(c for k, c in enumerate("KQkq") if bits >> k & 1) or "-" for bits in range(16)]
STIRRED = {name: toys.stir(build_model(name, toys.shape("chess"), seed=0)) for name in NAMES}


@torch.no_grad()
def logits(model: Model, *items: Item) -> Tensor:
    return model(model.collate(model.encode(items)))


def by_move(model: Model, item: Item) -> dict[str, float]:
    return dict(zip(item.options, logits(model, item)[0].tolist(), strict=True))


def mirror_uci(uci: str) -> str:
    move = chess.Move.from_uci(uci)
    return chess.Move(flip(move.from_square, False), flip(move.to_square, False), move.promotion).uci()


def mirrored(item: Item) -> Item:
    """The same game with colours exchanged; options keep their order."""
    board, last = board_before(item)
    position = board.mirror().fen() + (f" {mirror_uci(last.uci())}" if last else "")
    return replace(item, position=position, options=tuple(map(mirror_uci, item.options)))


def played(numbers: list[int]) -> Item:
    """The position after a game whose moves are chosen by the numbers."""
    board, last = chess.Board(), None
    for number in numbers:
        legal = sorted(board.legal_moves, key=str)
        if not legal:
            break
        last = legal[number % len(legal)]
        board.push(last)
    if not any(board.legal_moves):
        last = board.pop()
        return toys.move_item(board, board.peek() if board.move_stack else None)
    return toys.move_item(board, last)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("item", toys.items("chess"), ids=lambda i: i.position.split()[0])
def test_colours_can_be_exchanged(name: str, item: Item) -> None:
    same = logits(STIRRED[name], item), logits(STIRRED[name], mirrored(item))
    assert torch.allclose(*same, atol=1e-5)
    assert same[0].std() > 0


@settings(max_examples=25)
@given(st.lists(st.integers(0, 200), min_size=0, max_size=60))
def test_colours_can_be_exchanged_in_any_game(numbers: list[int]) -> None:
    item = played(numbers)
    for model in STIRRED.values():
        assert torch.allclose(logits(model, item), logits(model, mirrored(item)), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_promotions_are_told_apart(name: str) -> None:
    item = toys.move_item(chess.Board(toys.POSITIONS[1]))
    found = by_move(STIRRED[name], item)
    pieces = {move[-1]: value for move, value in found.items() if move.startswith("b2b1")}
    assert set(pieces) == set("qrbn") and len(set(pieces.values())) == 4


def test_every_promotion_has_a_code_of_its_own() -> None:
    assert sorted(PROMOTIONS.values()) == list(range(5))
    assert set(PROMOTIONS) == {None, chess.QUEEN, chess.ROOK, chess.BISHOP, chess.KNIGHT}


def test_castling_is_among_the_moves_and_rights_are_seen() -> None:
    board = chess.Board(toys.POSITIONS[0])
    item = toys.move_item(board)
    assert {"e1g1", "e1c1"} < set(item.options)
    seen = {see(chess.Board(toys.POSITIONS[0].replace("KQkq", r)), None).castling for r in RIGHTS}
    assert len(seen) == 16
    assert see(board, None).castling == 0b1111


def test_castling_rights_change_the_logits() -> None:
    with_rights = chess.Board(toys.POSITIONS[0])
    without = chess.Board(toys.POSITIONS[0].replace("KQkq", "KQ"))  # the rival's rights only
    item, other = toys.move_item(with_rights), toys.move_item(without)
    assert item.options == other.options
    assert not torch.allclose(*(logits(STIRRED["board:8x2"], i) for i in (item, other)), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_castling_differs_from_a_step_of_the_king(name: str) -> None:
    found = by_move(STIRRED[name], toys.move_item(chess.Board(toys.POSITIONS[0])))
    assert len({found[m] for m in ("e1g1", "e1f1", "e1d1", "e1c1")}) == 4


def test_en_passant_file_is_seen() -> None:
    board = chess.Board(toys.POSITIONS[2])
    assert see(board, None).en_passant == chess.FILE_NAMES.index("f") + 1
    board.ep_square = None
    assert see(board, None).en_passant == 0


@pytest.mark.parametrize("name", NAMES)
def test_en_passant_changes_the_logits(name: str) -> None:
    item = toys.move_item(chess.Board(toys.POSITIONS[2]))
    assert "e5f6" in item.options
    plain = replace(item, position=toys.POSITIONS[2].replace(" f6 ", " - "))
    taking, moving = by_move(STIRRED[name], item)["e5f6"], by_move(STIRRED[name], plain)["e5f6"]
    assert taking != pytest.approx(moving, abs=1e-4), "a pawn taken in passing is seen"


def test_the_last_move_is_read_where_the_item_tells_it() -> None:
    board = chess.Board()
    last = board.parse_uci("e2e4")
    board.push(last)
    told, untold = toys.move_item(board, last), toys.move_item(board)
    assert board_before(told) == (board_before(untold)[0], last)
    assert board_before(untold)[1] is None
    seen = see(*board_before(told))
    assert (seen.last_from, seen.last_to) == (flip(chess.E2, False), flip(chess.E4, False))
    assert see(*board_before(untold)).last_from == NO_SQUARE
    model = STIRRED["board:8x2"]
    assert not torch.allclose(logits(model, told), logits(model, untold), atol=1e-4)


def test_pieces_are_seen_from_the_side_to_move() -> None:
    white = see(chess.Board(), None)
    board = chess.Board()
    board.turn = chess.BLACK
    black = see(board, None)
    assert white == black, "the starting position looks alike from both sides"
    assert white.pieces[chess.E1] == chess.KING and white.pieces[chess.E8] == chess.KING + 6
    assert set(white.pieces) == set(range(13))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_logits_for_legal_moves_and_no_others(name: str) -> None:
    items = toys.items("chess")
    batch = STIRRED[name].collate(STIRRED[name].encode(items))
    assert batch.mask.sum(1).tolist() == [len(list(board_before(i)[0].legal_moves)) for i in items]
    values = logits(STIRRED[name], *items)
    assert (values[~batch.mask] == MASKED).all() and (values[batch.mask] > MASKED / 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_logits_follow_the_order_of_the_options(name: str) -> None:
    item = toys.items("chess")[5]
    turned = replace(item, options=item.options[::-1])
    assert torch.allclose(logits(STIRRED[name], item), logits(STIRRED[name], turned).flip(1), atol=1e-6)


def test_the_board_net_tells_every_move_from_every_other() -> None:
    for item in toys.items("chess"):
        found = by_move(STIRRED["board:8x2"], item)
        assert len(set(found.values())) == len(item.options)


@pytest.mark.parametrize(
    "fen, move, taken",
    [
        ("4k3/8/8/3q4/4P3/8/8/4K3 w - - 0 1", "e4d5", "q"),
        ("4k3/8/8/3n4/4P3/8/8/4K3 w - - 0 1", "e4d5", "n"),
        ("4k3/8/8/8/4P3/8/8/4K3 w - - 0 1", "e4e5", "-"),
    ],
)
def test_bag_of_words_names_what_a_move_takes(fen: str, move: str, taken: str) -> None:
    from w2s_bench.models.bow import _describe

    words = _describe(chess.Board(fen), chess.Move.from_uci(move), theirs=0)
    assert f"p takes {taken} guarded False" in words


def test_bag_of_words_counts_the_words_of_a_prompt() -> None:
    model = toys.stir(build_model("bow", toys.shape("nlp"), seed=0))
    items = [toys.text_item(p) for p in ("The soup", "soup the", "the soup the soup", "the stew")]
    one, turned, twice, other = logits(model, *items)
    assert torch.allclose(one, turned, atol=1e-6), "no order, no case"
    assert torch.allclose(twice, 2 * one, atol=1e-5), "counts, not presence"
    assert not torch.allclose(one, other, atol=1e-3)


def test_bag_of_words_counts_the_words_of_a_completion() -> None:
    model = toys.stir(build_model("bow", toys.shape("reward"), seed=0))
    items = [toys.text_item("rate :", pair) for pair in (("the soup", "stew !"), ("stew !", "soup the"))]
    first, second = logits(model, *items)
    assert torch.allclose(first, second.flip(0), atol=1e-6)
    assert first[0] != first[1]


def test_bags_of_options_are_scored_one_by_one() -> None:
    model = toys.stir(build_model("bow", toys.CHOICE, seed=0))
    items = [toys.text_item("?", ("a b", "c")), toys.text_item("!", ("c", "d", "a b"))]
    with torch.no_grad():
        found = model(model.collate(model.encode(items)))
    assert found.shape == (2, 3) and found[0, 0] == found[1, 2] and found[0, 1] == found[1, 0]
