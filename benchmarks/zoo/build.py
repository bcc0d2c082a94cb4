"""Build members of a family again from nothing, in the layout that ships; what is finished stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from w2s_bench.benchmarks.zoo.card import Card, read_card, write_card
from w2s_bench.benchmarks.zoo.chess.build_corpus import prepare
from w2s_bench.benchmarks.zoo.chess.pretrain import pretrain as pretrain_chess
from w2s_bench.benchmarks.zoo.chess.recipe import MIXTURE, WITHOUT_LINES
from w2s_bench.benchmarks.zoo.chess.recipe import Recipe as ChessRecipe
from w2s_bench.benchmarks.zoo.families import CHESS, Family, Member, find_family, find_members
from w2s_bench.benchmarks.zoo.paths import Places
from w2s_bench.benchmarks.zoo.text.pretrain import pretrain as pretrain_text
from w2s_bench.benchmarks.zoo.text.recipe import Recipe as TextRecipe
from w2s_bench.benchmarks.zoo.training_loop import report
from w2s_bench.errors import UserError
from w2s_bench.models.zoo import card as shipped_card
from w2s_bench.models.zoo import members as shipped_members
from w2s_bench.store.local import disk_errors

Pretrain = Callable[[Member, Any, Path, Path], Card]
"""Trains a member by a recipe of its family into a folder, with a checkpoint on the way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A member after a build: its folder and card, and whether it had been finished before."""

    name: str
    folder: Path
    card: dict[str, Any]
    finished_before: bool

    def describe(self) -> dict[str, Any]:
        """As JSON values, with the shipped member's loss beside its own where it was made in full."""
        numbers = {key: self.card[key] for key in ("parameters", "seen", "cpu_seconds", "validation_loss")}
        names = {"name": self.name, "folder": str(self.folder), "finished_before": self.finished_before}
        whole = self.card.get("scale", 1.0) == 1.0 and self.name in shipped_members()
        shipped = shipped_card(self.name)["validation_loss"] if whole else None
        return {**names, **numbers, "shipped_validation_loss": shipped}


def build(family: str, names: Sequence[str], places: Places, scale: float = 1.0) -> list[Built]:
    """Build the named members, or all, on ``scale`` times their amounts.

    Errors: UserError for a name that is unknown, data or an engine that is missing, a disk that is full.
    """
    chosen = find_family(family)
    works = [_Work(chosen, member, places, scale) for member in find_members(chosen, names)]
    torch.set_num_threads(1)
    with disk_errors(places.out):
        cards = [work.finished() for work in works]
        missing = cards.count(None)
        report(f"{len(works)} {family} members, {len(works) - missing} finished before, {missing} to build")
        pretrain = _trainer(chosen, places, scale) if missing else pretrain_text
        built = [card or work.train(pretrain) for work, card in zip(works, cards, strict=True)]
    return [
        Built(name=work.name, folder=work.folder, card=card, finished_before=before is not None)
        for work, card, before in zip(works, built, cards, strict=True)
    ]


def _trainer(family: Family, places: Places, scale: float) -> Pretrain:
    """What trains a member of the family, once its data are there."""
    if family is not CHESS:
        return pretrain_text
    data = prepare(places, scale)
    return lambda member, recipe, folder, path: pretrain_chess(member, recipe, data, folder, path)


@dataclass(frozen=True, slots=True)
class _Work:
    """A member to build, and where."""

    family: Family
    member: Member
    places: Places
    scale: float

    @property
    def name(self) -> str:
        return f"{self.family.name}/{self.member.name}"

    @property
    def folder(self) -> Path:
        return self.places.out / self.name

    @property
    def recipe(self) -> TextRecipe | ChessRecipe:
        amount = round(self.member.amount * self.scale)
        if self.family is not CHESS:
            return TextRecipe(tokens=amount, seed=self.member.seed)
        shares = MIXTURE if self.member.lines else WITHOUT_LINES
        return ChessRecipe(positions=amount, shares=dict(shares), seed=self.member.seed)

    def finished(self) -> dict[str, Any] | None:
        """Its card, if it was trained by the same recipe; a folder with another is not written over."""
        card = read_card(self.folder)
        if card is None or card["recipe"] == asdict(self.recipe):
            return card
        raise UserError(
            f"{self.name} was built by another recipe ({card['seen']} {card['unit']})",
            where=str(self.folder),
            expected=f"the recipe of {round(self.member.amount * self.scale)} {self.family.unit}",
            mend="remove that folder, or give another --out",
        )

    def train(self, pretrain: Pretrain) -> dict[str, Any]:
        """All files in a draft, then under their name; the checkpoint has done its work."""
        checkpoint = self.places.out / "work" / f"{self.name}.checkpoint.safetensors"
        draft = checkpoint.with_name(f"{self.member.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        card = write_card(
            draft, replace(pretrain(self.member, self.recipe, draft, checkpoint), scale=self.scale)
        )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(self.folder)
        checkpoint.unlink(missing_ok=True)
        report(f"{self.name} finished: validation loss {card['validation_loss']}")
        return card
