"""Tasks whose puzzles come from files of the lichess database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_bench.sources import Row, Source
from w2s_bench.task import Task, TaskCard
from w2s_bench.tasks.chess._database import FILE, Database
from w2s_bench.tasks.chess._lichess import RESERVED_ONLY, example, puzzle_card


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """One source for training and another one for the test set."""

    train: Database
    test: Database

    @property
    def columns(self) -> tuple[str, ...]:
        return self.train.columns

    def has(self, split: str) -> bool:
        return split in ("train", "test")

    def rows(self, split: str, mirror: Path | None) -> Sequence[Row]:
        return (self.train if split == "train" else self.test).rows(split, mirror)

    def fingerprint(self, mirror: Path | None) -> str:
        return f"sides:{self.train.fingerprint(mirror)}:{self.test.fingerprint(mirror)}"

    def describe(self) -> dict[str, Any]:
        return {"train": self.train.describe(), "test": self.test.describe()}


def card(name: str, *, title: str, size: str, notes: str = "") -> TaskCard:
    """The card of a task on the database's file."""
    return puzzle_card(
        name,
        title=title,
        source=f"the file {FILE} below --hub, as database.lichess.org gives it",
        group="game (from GameUrl)",
        size=size,
        notes=f"{RESERVED_ONLY} Of these the games that come first by a hash of their name. The SHA-256 of "
        f"the file enters every key: keep the file.{notes}",
    )


def from_file(card: TaskCard, source: Source) -> Task:
    """A task on a source that gives reserved games only, divided into train and test."""
    return Task(card=card, source=source, example=example, group=lambda row: row["GameId"])
