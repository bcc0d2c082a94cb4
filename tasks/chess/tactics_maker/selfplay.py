"""Stockfish against itself at 200 nodes a move: imperfect games, full of tactics.

Moves are sampled from the engine's five best with a temperature, one per side, and now and then
drawn at random. The blunders are wanted: each may leave the opponent a puzzle. While playing,
we note the *peaks*: plies at which the best move stood out from the second best.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import chess

from w2s_bench.tasks.chess.tactics_maker.uci import MATE_SCORE, Engine, Info, final_ranking, win_chance

NODES = 200
MULTIPV = 5
HASH_MB = 4
INTERLEAVED = 48  # games advanced together, so that a round trip serves them all

OPENING_PLIES = (1, 8)  # random moves that make the games differ
TEMPERATURES = (10.0, 120.0)  # centipawns; drawn once per side
BLUNDER_RATES = (0.0, 0.04, 0.1)  # chance of a random move; drawn once per game

# Far below the puzzles' own threshold, because 200 nodes are too few to see most tactics: of the
# positions that 5,000 nodes call a puzzle, a third have a gap of 0.3 here, three fifths one of 0.1.
PEAK_GAP = 0.1
FIRST_PEAK_PLY = 6

MAX_PLIES = 120
MAX_HALFMOVE_CLOCK = 40
MIN_PIECES = 5
DECIDED_SCORE = 1000
DECIDED_PLIES = 4  # the game ends once the score has been decisive for so long


@dataclass
class Game:
    """A game in progress, from its random opening on."""

    rng: random.Random
    board: chess.Board = field(default_factory=chess.Board)
    moves: list[str] = field(default_factory=list)
    random_plies: list[int] = field(default_factory=list)
    peaks: list[tuple[int, str, float]] = field(default_factory=list)
    decided: int = 0

    def __post_init__(self) -> None:
        self.temperatures = [self.rng.uniform(*TEMPERATURES) for _ in chess.COLORS]
        self.blunder_rate = self.rng.choice(BLUNDER_RATES)
        for _ in range(self.rng.randint(*OPENING_PLIES)):
            if not self.board.is_game_over():
                self._play_random()

    def advance(self, ranking: Sequence[Info]) -> bool:
        """Play a move given the engine's ranking; return whether the game goes on."""
        if not ranking:
            return False
        self._note_peak(ranking)
        if self.rng.random() < self.blunder_rate:
            self._play_random()
        else:
            self._play(self._sample(ranking))
        decisive = DECIDED_SCORE < abs(ranking[0].score) < MATE_SCORE - 1000
        self.decided = self.decided + 1 if decisive else 0
        return not self._is_over()

    def record(self, name: str) -> dict:
        """What is kept of a finished game."""
        return {
            "game": name,
            "moves": " ".join(self.moves),
            "random_plies": self.random_plies,
            "peaks": self.peaks,
        }

    def _note_peak(self, ranking: Sequence[Info]) -> None:
        if len(ranking) < 2 or len(self.moves) < FIRST_PEAK_PLY:
            return
        gap = win_chance(ranking[0].score) - win_chance(ranking[1].score)
        if gap >= PEAK_GAP:
            self.peaks.append((len(self.moves), ranking[0].move, round(gap, 3)))

    def _sample(self, ranking: Sequence[Info]) -> str:
        temperature = self.temperatures[self.board.turn]
        best = ranking[0].score
        weights = [math.exp(min(0.0, (info.score - best) / temperature)) for info in ranking]
        return self.rng.choices([info.move for info in ranking], weights)[0]

    def _play_random(self) -> None:
        self.random_plies.append(len(self.moves))
        self._play(self.rng.choice(list(self.board.legal_moves)).uci())

    def _play(self, move: str) -> None:
        self.board.push(chess.Move.from_uci(move))
        self.moves.append(move)

    def _is_over(self) -> bool:
        return (
            len(self.moves) >= MAX_PLIES
            or self.decided >= DECIDED_PLIES
            or self.board.halfmove_clock >= MAX_HALFMOVE_CLOCK
            or chess.popcount(self.board.occupied) < MIN_PIECES
        )


def play_games(engine: Engine, count: int, name: str, seed: str) -> Iterator[dict]:
    """Play `count` games, `INTERLEAVED` at a time, and yield their records as they end."""
    engine.forget()
    waiting = [(f"{name}-{i:03d}", random.Random(f"{seed}-{i}")) for i in range(count)][::-1]
    active: list[tuple[str, Game]] = []
    while waiting or active:
        while waiting and len(active) < INTERLEAVED:
            game_name, rng = waiting.pop()
            active.append((game_name, Game(rng)))
        fens = [game.board.fen(en_passant="fen") for _, game in active]
        answers = engine.search(fens, f"nodes {NODES}")
        still_active = []
        for (game_name, game), lines in zip(active, answers, strict=True):
            if game.advance(final_ranking(lines, engine.multipv)):
                still_active.append((game_name, game))
            else:
                yield game.record(game_name)
        active = still_active
