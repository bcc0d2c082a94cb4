"""Lichess puzzles in the paper's form: the game so far as a transcript, the best next move in SAN."""

from w2s_bench.sources import HubSource
from w2s_bench.task import Task
from w2s_bench.tasks.chess._lichess import CITATION, GROWS, LICENCE, RESERVED_ONLY, puzzle_card
from w2s_bench.tasks.chess._transcript import Transcripts, example

CARD = puzzle_card(
    "lichess-transcript",
    title="Lichess puzzles as transcripts of their games, first move in SAN",
    source="hub EleutherAI/lichess-puzzles; games and ratings from hub Lichess/chess-puzzles",
    licence=f"{LICENCE} (the puzzles; the set of transcripts states none)",
    citation=f"{CITATION}; transcripts by EleutherAI, 2024",
    language="chess (SAN)",
    group="game (GameId of the puzzle with the transcript's id)",
    size="40% of the 1,479,018 transcripts whose puzzle is still in the database",
    notes="The prompt ends where the opponent has moved; the next half-move is asked for. Replaying it gives "
    f"board models the position. {RESERVED_ONLY} A transcript names no game: its id is taken for that of the "
    "puzzle, which could not be looked up in the data itself; if it were another id, no row would be found. "
    f"The transcripts are pinned, the puzzles are not.{GROWS}",
)

TASK = Task(
    card=CARD,
    source=Transcripts(
        transcripts=HubSource(
            path="EleutherAI/lichess-puzzles",
            revision="787a704697824359fceb7aca8be2ea23dce2f463",
            columns=("id", "ctx", "target"),
        ),
        puzzles=HubSource(
            path="Lichess/chess-puzzles", revision="main", columns=("PuzzleId", "GameId", "Rating")
        ),
    ),
    example=example,
    group=lambda row: row["GameId"],
)
