"""Where a build finds its data and leaves its results, and what it says of what is missing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from w2s_bench.errors import BadData, UserError

TCEC = "tcec_games.jsonl.zst"
ENGINE = "stockfish"
DEBIAN = Path("/usr/games/stockfish")  # where the distribution's package puts it, often outside PATH


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """``out/FAMILY/MEMBER`` are results, ``out/work`` is what may be removed after a build.

    ``hub``: root of a mirror, or None for the hub itself. ``corpora``: folder of engine matches.
    ``games``: self-play games, played where they are missing. ``engine``: Stockfish's name or path.
    """

    out: Path
    hub: Path | None = None
    corpora: Path | None = None
    games: Path | None = None
    engine: str = ENGINE

    def encoded(self) -> Path:
        """Folder of the encoded chess corpus."""
        return self.out / "work" / "chess" / "corpus"

    def played(self) -> Path:
        """Folder of the self-play games."""
        return self.games or self.out / "work" / "chess" / "games"

    def matches(self) -> Path:
        """File of the engine matches, or BadData."""
        path = self.corpora / TCEC if self.corpora else None
        if path is None or not path.is_file():
            raise BadData(
                "no engine matches",
                where=str(path or "chess corpus"),
                expected=f"{TCEC}: JSON lines with variant, fen and moves in SAN",
                mend="--corpora DIR names the folder that holds it",
            )
        return path

    def stockfish(self) -> str:
        """Path of the engine, or UserError."""
        path = shutil.which(self.engine)
        if path is None and self.engine == ENGINE and DEBIAN.is_file():
            path = str(DEBIAN)
        if path is None:
            raise UserError(
                f"no engine {self.engine!r} to play the self-play games with",
                where=str(self.played()),
                expected="Stockfish, or a folder that holds all the games",
                mend="install the package stockfish, give its path by --engine, or the games by --games DIR",
            )
        return path
