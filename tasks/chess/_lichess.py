"""Lichess puzzles by rating and theme: the games that the zoo never saw, test games apart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from w2s_bench.reserve import lichess_test, reserved
from w2s_bench.sources import Held, HubSource, Row
from w2s_bench.task import Example, Findings, Task, TaskCard
from w2s_bench.tasks.chess._position import best_move

ALL = (0, 10_000)
LICENCE, LANGUAGE = "CC0-1.0", "chess (FEN, UCI)"
CITATION = "lichess.org open database; used for weak-to-strong by Burns et al. 2023"
RESERVED_ONLY = (
    "Only games that a hash of their name reserves for tasks: the zoo was pretrained on lines of "
    "the others. Games from bucket 24 on are the test set."
)
GROWS = " The hub replaces the files as puzzles are added: the commit of the day enters every key."
PUBLIC = "puzzles and games are public; the zoo has read no line of a puzzle from these games"


def puzzle_card(name: str, **fields: Any) -> TaskCard:
    """A card of lichess puzzles with the facts that all of them share."""
    shared = {
        "source": "hub Lichess/chess-puzzles",
        "licence": LICENCE,
        "citation": CITATION,
        "language": LANGUAGE,
        "group": "game (GameId)",
        "pretraining": PUBLIC,
    }
    return TaskCard(name=f"chess/{name}", domain="chess", **(shared | fields))


def lichess(
    name: str,
    band: tuple[int, int] = ALL,
    *,
    test: tuple[int, int] | None = None,
    theme: str | None = None,
    but: Collection[str] = (),
    companions: tuple[str, ...] = (),
    findings: Findings = (),
    notes: str = "",
) -> Task:
    """Puzzles with ``band[0] <= rating < band[1]``; those of test games with ratings in ``test``.

    ``theme``: a tag of lichess that all puzzles have; none has a tag of ``but``.
    """
    card = puzzle_card(
        name,
        version=2 if name == "lichess" else 1,
        title=f"Lichess puzzles of {_what(band, test, theme)}, first move",
        size="40% of about 5 million puzzles on the hub, which grows",
        companions=companions,
        findings=findings,
        notes=RESERVED_ONLY + GROWS + notes,
    )
    columns = ("GameId", "FEN", "Moves", "Rating", *(("Themes",) if theme else ()))
    hub = HubSource(path="Lichess/chess-puzzles", revision="main", columns=columns)

    def keep(row: Row) -> bool:
        low, high = test if test and lichess_test(row["GameId"]) else band
        themed = theme is None or (theme in row["Themes"] and not set(but) & set(row["Themes"]))
        return low <= row["Rating"] < high and themed and reserved(row["GameId"])

    return Task(
        card=card,
        source=Held(source=hub, test=lambda row: lichess_test(row["GameId"])),
        example=example,
        group=lambda row: row["GameId"],
        keep=keep,
    )


def _what(band: tuple[int, int], test: tuple[int, int] | None, theme: str | None) -> str:
    ratings = "all ratings" if band == ALL else f"ratings {band[0]} to {band[1]}"
    tested = f", tested on {test[0]} to {test[1]}" if test else ""
    return f"{ratings}{tested}" + (f" with the theme {theme}" if theme else "")


def example(row: Row) -> Example:
    """The opponent plays the line's first move; the second is the answer."""
    if not row["GameId"]:
        raise ValueError("the row names no game")
    moves = row["Moves"].split()
    if len(moves) < 2:
        raise ValueError(f"line {row['Moves']!r} has no answer to the opponent's move")
    return best_move(row["FEN"], moves[0], moves[1], group=row["GameId"], rating=float(row["Rating"]))
