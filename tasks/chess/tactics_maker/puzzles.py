"""From the peaks of a game to verified puzzles: what counts as one, its kind, its measurements."""

from collections.abc import Iterator, Sequence

import chess

from w2s_bench.tasks.chess.tactics_maker.uci import (
    MATE_SCORE,
    Engine,
    Info,
    final_ranking,
    parse_info,
    win_chance,
)

MULTIPV = 2
HASH_MB = 1
SCREEN_NODES = 600
SCREEN_GAP = 0.1  # a cheap look first: half of the candidates go, with few of the puzzles
VERIFY_NODES = 5_000
DISPUTE_NODES = 20_000
MIN_GAP = 0.35
MIN_SCORE = -150  # the best move must not leave the solver lost

PIECE_VALUES = dict(zip(chess.PIECE_TYPES, (1, 3, 3, 5, 9, 100), strict=True))  # pawn to king


def static_gain(board: chess.Board, capture: chess.Move) -> int:
    """The victim's value, less the attacker's if the square is defended: one ply of greed."""
    victim = board.piece_type_at(capture.to_square) or chess.PAWN  # none there: en passant
    attacker = board.piece_type_at(capture.from_square)
    board.push(capture)
    defended = board.is_attacked_by(board.turn, capture.to_square)
    board.pop()
    return PIECE_VALUES[victim] - (PIECE_VALUES[attacker] if defended else 0)


def is_best_static_capture(board: chess.Board, move: chess.Move) -> bool:
    """Whether no other capture looks better than `move` to a player who sees one ply."""
    if not board.is_capture(move):
        return False
    best = max(static_gain(board, other) for other in board.generate_legal_captures())
    return static_gain(board, move) >= best


def is_admissible(board: chess.Board, move: chess.Move) -> bool:
    """Whether `move` may be a puzzle's solution, before any search.

    Taking on the square that the opponent has just moved to is dropped whether or not the
    opponent captured there: it is the one shortcut that needs no look at the rest of the board.
    """
    return not (
        board.is_check()
        or move.to_square == board.peek().to_square
        or move.promotion not in (None, chess.QUEEN)
        or is_best_static_capture(board, move)
    )


def kind_of(board: chess.Board, move: chess.Move, score: int) -> str:
    """The most telling description of a solution."""
    if score == MATE_SCORE - 1:
        return "mate1"
    if score > MATE_SCORE - 1000:
        return "mate"
    if move.promotion:
        return "promotion"
    if board.is_capture(move):
        return "capture"
    return "check" if board.gives_check(move) else "quiet"


def candidates_of(record: dict) -> Iterator[dict]:
    """Replay a game and yield its peaks that are admissible."""
    board = chess.Board()
    peaks = {ply: (move, gap) for ply, move, gap in record["peaks"]}
    before = board.fen()
    for ply, played in enumerate(record["moves"].split()):
        if ply in peaks and is_admissible(board, chess.Move.from_uci(peaks[ply][0])):
            move, gap = peaks[ply]
            yield {
                "game": record["game"],
                "ply": ply,
                "fen": before,
                "last_move": board.peek().uci(),
                "proposal": move,
                "proposal_gap": gap,
            }
        before = board.fen()
        board.push(chess.Move.from_uci(played))


def position_of(puzzle: dict) -> chess.Board:
    """The board that the solver sees."""
    board = chess.Board(puzzle["fen"])
    board.push_uci(puzzle["last_move"])
    return board


def gap_of(ranking: Sequence[Info]) -> float:
    """How much better the best move is than the second; 0 if there is no second."""
    if len(ranking) < 2:
        return 0.0
    return win_chance(ranking[0].score) - win_chance(ranking[1].score)


def settling_nodes(lines: Sequence[str]) -> int:
    """The nodes after which the engine's first choice was its last choice, for good."""
    firsts = [info for info in map(parse_info, lines) if info.rank == 1]
    settled = firsts[-1]
    for info in reversed(firsts):
        if info.move != settled.move:
            break
        settled = info
    return settled.nodes


def verify(engine: Engine, candidates: Sequence[dict]) -> list[dict]:
    """Keep the candidates whose best move a longer search finds good enough and alone.

    The solution is the longer search's choice. Where self-play proposed another move, the puzzle is hard or
    an error, and a third, still longer search decides. Every search starts from an empty hash, so that
    results do not depend on the order of the candidates.
    """
    fens = [position_of(candidate).fen() for candidate in candidates]
    screens = [final_ranking(lines, MULTIPV) for lines in search(engine, fens, SCREEN_NODES)]
    open_ = [i for i, ranking in enumerate(screens) if gap_of(ranking) >= SCREEN_GAP]
    answers = search(engine, [fens[i] for i in open_], VERIFY_NODES)
    described = [
        describe(candidates[i], screens[i], lines)
        for i, lines in zip(open_, answers, strict=True)
        if stands_out(final_ranking(lines, MULTIPV))
    ]
    return settle_disputes(engine, [puzzle for puzzle in described if is_admissible_row(puzzle)])


def settle_disputes(engine: Engine, solved: Sequence[dict]) -> list[dict]:
    """Drop the puzzles whose solution only one of two searches found, unless a third confirms it."""
    disputed = [puzzle for puzzle in solved if puzzle["best_move"] != puzzle["proposal"]]
    fens = [position_of(puzzle).fen() for puzzle in disputed]
    for puzzle, lines in zip(disputed, search(engine, fens, DISPUTE_NODES), strict=True):
        ranking = final_ranking(lines, MULTIPV)
        puzzle["upheld"] = stands_out(ranking) and ranking[0].move == puzzle["best_move"]
    return [puzzle for puzzle in solved if puzzle.get("upheld", True)]


def search(engine: Engine, fens: Sequence[str], nodes: int) -> list[list[str]]:
    """Search each position from an empty hash."""
    return engine.search(fens, f"nodes {nodes}", fresh=True)


def stands_out(ranking: Sequence[Info]) -> bool:
    """Whether the best move does not lose and the second is much worse."""
    return ranking[0].score >= MIN_SCORE and gap_of(ranking) >= MIN_GAP


def is_admissible_row(puzzle: dict) -> bool:
    """`is_admissible` for a solution that replaced the proposal."""
    return is_admissible(position_of(puzzle), chess.Move.from_uci(puzzle["best_move"]))


def describe(candidate: dict, screen: Sequence[Info], lines: Sequence[str]) -> dict:
    """Add to a candidate what the searches found and measured."""
    ranking = final_ranking(lines, MULTIPV)
    board = position_of(candidate)
    move = chess.Move.from_uci(ranking[0].move)
    return candidate | {
        "best_move": move.uci(),
        "gap": round(gap_of(ranking), 4),
        "kind": kind_of(board, move, ranking[0].score),
        "screen_move": screen[0].move,
        "screen_gap": round(gap_of(screen), 4),
        "settling_nodes": settling_nodes(lines),
    }
