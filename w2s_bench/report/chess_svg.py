"""Chess positions as SVG, with arrows; python-chess draws them. Boards of one page share their pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import chess
import chess.svg
from markupsafe import Markup, escape

GOLD, TEACHER, STUDENT = "#0072B2", "#E69F00", "#A03070"  # safe for the colour-blind; texts name them too


@dataclass(frozen=True, slots=True)
class Arrow:
    """A move in UCI and its colour."""

    move: str
    colour: str


def shared_parts() -> Markup:
    """Definitions that :func:`board_svg` refers to, once a page: the pieces and the two empty boards."""
    definitions = re.search(r"<defs>(.*)</defs>", chess.svg.board(chess.Board()), re.S)
    boards = "".join(
        f'<g id="{_frame(side)}">{_inside(chess.svg.board(None, orientation=side))}</g>'
        for side in (True, False)
    )
    pieces = definitions[1] if definitions else ""
    return Markup(f'<svg class="shared" aria-hidden="true"><defs>{pieces}{boards}</defs></svg>')


def board_svg(position: str, arrows: list[Arrow], title: str) -> Markup | None:
    """Draw a position from the side to move; None where it is no FEN.

    ``position`` is a FEN, followed by the last move where that is known. Screen readers read ``title``.
    """
    board, last = _parsed(position)
    if board is None:
        return None
    marks = "".join(_squares(last, board.turn)) + _pieces(board.fen(), board.turn)
    lines = _arrows(tuple(arrows), board.turn)
    return Markup(
        f'<svg class="board" viewBox="0 0 390 390" role="img" aria-label="{escape(title)}">'
        f'<use href="#{_frame(board.turn)}"/><g transform="translate(15 15)">{marks}{lines}</g></svg>'
    )


def spoken(position: str, move: str) -> str:
    """A move in algebraic notation and UCI; unchanged where it is not legal in the position."""
    board, _ = _parsed(position)
    try:
        return move if board is None else f"{board.san(chess.Move.from_uci(move))} ({move})"
    except ValueError:
        return move


def _parsed(position: str) -> tuple[Any | None, str]:
    """The board, or None, and the last move or nothing."""
    fields = position.split(" ")
    try:
        return chess.Board(" ".join(fields[:6])), "".join(fields[6:])
    except ValueError:
        return None, ""


def _frame(white: bool) -> str:
    return "board-white" if white else "board-black"


def _inside(svg: str) -> str:
    """The content of an SVG, without its outer element."""
    return svg.partition(">")[2].rpartition("</svg>")[0]


@cache
def _pieces(fen: str, white: bool) -> str:
    svg = chess.svg.board(chess.Board(fen), orientation=white, coordinates=False)
    return "".join(re.sub(r' xlink:href="[^"]*"', "", use) for use in re.findall(r"<use [^>]*/>", svg))


@cache
def _arrows(arrows: tuple[Arrow, ...], white: bool) -> str:
    moves = [(_move(arrow.move), arrow.colour) for arrow in arrows]
    drawn = [chess.svg.Arrow(m.from_square, m.to_square, color=colour) for m, colour in moves if m]
    svg = chess.svg.board(None, orientation=white, coordinates=False, arrows=drawn)
    return "".join(re.findall(r'<(?:line|polygon|circle) [^>]*class="(?:arrow|circle)"[^>]*/>', svg))


def _squares(last: str, white: bool) -> list[str]:
    """The two squares of the last move, marked."""
    move = _move(last)
    places = [s if white else 63 - s for s in (move.from_square, move.to_square)] if move else []
    return [
        f'<rect x="{45 * (s % 8)}" y="{45 * (7 - s // 8)}" width="45" height="45" class="last"/>'
        for s in places
    ]


def _move(uci: str) -> chess.Move | None:
    """A move, or None for a text that is none."""
    try:
        return chess.Move.from_uci(uci)
    except ValueError:
        return None
