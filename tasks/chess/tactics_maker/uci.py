"""A thin pipe to a UCI engine that searches many positions per round trip.

One request per position costs more in waiting than in searching when a search is a hundred
nodes long. `Engine.search` therefore writes a whole batch of positions at once and reads the
answers as they come, which is an order of magnitude faster than a request-response library.
"""

import math
import subprocess
from collections.abc import Sequence
from typing import NamedTuple, Self

MATE_SCORE = 10_000  # a mate in n plies of the engine's counting scores MATE_SCORE - n
WIN_CHANCE_SLOPE = 0.00368208  # Lichess's fit of results to centipawns
MAX_BATCH = 64  # a batch must fit the pipe's buffer: engine and client both block when it is full


class Info(NamedTuple):
    """One line of thought: the `rank`-th best move at `depth` after `nodes` nodes."""

    depth: int
    rank: int
    score: int
    nodes: int
    move: str


def win_chance(score: int) -> float:
    """Map a score in centipawns (or a mate score) to a win chance between -1 and 1."""
    return 2 / (1 + math.exp(-WIN_CHANCE_SLOPE * score)) - 1


def parse_info(line: str) -> Info:
    """Read an `info ... pv ...` line."""
    words = line.split()
    at = words.index("score")
    score = int(words[at + 2])
    if words[at + 1] == "mate":
        score = MATE_SCORE - score if score > 0 else -MATE_SCORE - score
    rank = int(words[words.index("multipv") + 1])
    nodes = int(words[words.index("nodes") + 1])
    return Info(int(words[2]), rank, score, nodes, words[words.index("pv") + 1])


def final_ranking(lines: Sequence[str], multipv: int) -> list[Info]:
    """The last line printed for each rank, best first; empty when the game is over."""
    latest = {info.rank: info for info in map(parse_info, lines[-multipv:])}
    return [latest[rank] for rank in sorted(latest)]


class Engine:
    """A single-threaded engine process; its answers depend only on what it was sent."""

    def __init__(self, path: str, multipv: int, hash_mb: int) -> None:
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1 << 16
        )
        self.multipv = multipv
        self._write("uci\n")
        self.name = self._read_until("uciok")
        options = {"Threads": 1, "Hash": hash_mb, "MultiPV": multipv}
        for name, value in options.items():
            self.set_option(name, value)
        self.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("quit\n")
        self.process.wait()

    def set_option(self, name: str, value: object) -> None:
        """Change a setting of the engine."""
        self._write(f"setoption name {name} value {value}\n")

    def forget(self) -> None:
        """Clear the hash and the move histories, so that what follows is reproducible."""
        self._write("ucinewgame\nisready\n")
        self._read_until("readyok")

    def search(self, fens: Sequence[str], limit: str, fresh: bool = False) -> list[list[str]]:
        """Search every position to `limit`; return the `info` lines of each.

        With `fresh`, the engine forgets everything before each position: slower, but an answer
        then depends on its position alone and not on the company it was sent in.
        """
        answers: list[list[str]] = []
        for start in range(0, len(fens), MAX_BATCH):
            batch = fens[start : start + MAX_BATCH]
            clear = "ucinewgame\n" if fresh else ""
            self._write("".join(f"{clear}position fen {fen}\ngo {limit}\n" for fen in batch))
            answers += [self._read_answer() for _ in batch]
        return answers

    def _read_answer(self) -> list[str]:
        lines: list[str] = []
        while not (line := self._read_line()).startswith("bestmove"):
            if " pv " in line:
                lines.append(line)
        return lines

    def _read_until(self, token: str) -> str:
        """Skip to the line `token`; return the engine's name if it was given on the way."""
        name = ""
        while not (line := self._read_line()).startswith(token):
            if line.startswith("id name "):
                name = line.removeprefix("id name ").strip()
        return name

    def _read_line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the engine closed its output")
        return line

    def _write(self, text: str) -> None:
        self.process.stdin.write(text)
        self.process.stdin.flush()
