"""The members of the zoo: sizes, seeds and how much each has read. The one table that a build follows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from w2s_bench.errors import UnknownName

TOKENS = 10_000_000  # of a text member
POSITIONS = 768_000  # of a chess member


@dataclass(frozen=True, slots=True)
class Member:
    """A model: its name begins with WIDTHxLAYERS; ``amount`` is what it reads, in the family's unit.

    ``lines``: whether solution lines of puzzles are among what a chess member reads.
    """

    name: str
    amount: int
    seed: int
    lines: bool = True

    @property
    def width(self) -> int:
        """Channels of a board network, or the hidden size."""
        return int(self.name.partition("-")[0].partition("x")[0])

    @property
    def layers(self) -> int:
        """Number of blocks, one after another."""
        return int(self.name.partition("-")[0].partition("x")[2])


@dataclass(frozen=True, slots=True)
class Family:
    """Members in the order in which they are built, and what their amounts count."""

    name: str
    unit: str
    members: tuple[Member, ...]


TEXT = Family(
    "text",
    "tokens",
    (
        Member("16x1", TOKENS, seed=0),
        Member("32x1", TOKENS, seed=0),
        Member("32x2", TOKENS, seed=0),
        Member("64x2", TOKENS, seed=0),
        Member("96x3", TOKENS, seed=0),
        Member("128x5", TOKENS, seed=0),
        Member("32x1-seed2", TOKENS, seed=1),
        Member("32x2-seed2", TOKENS, seed=1),
        Member("64x2-seed2", TOKENS, seed=1),
        Member("96x3-seed2", TOKENS, seed=1),
    ),
)
CHESS = Family(
    "chess",
    "positions",
    (
        Member("12x2", POSITIONS, seed=1),
        Member("24x2", POSITIONS, seed=1),
        Member("48x3", POSITIONS, seed=1),
        Member("64x4", POSITIONS, seed=1),
        Member("96x5", POSITIONS, seed=1),
        Member("12x2-seed2", POSITIONS, seed=2),
        Member("48x3-seed2", POSITIONS, seed=2),
        Member("12x2-nolines", POSITIONS, seed=1, lines=False),
        Member("24x2-nolines", POSITIONS, seed=1, lines=False),
        Member("48x3-nolines", POSITIONS, seed=1, lines=False),
    ),
)
FAMILIES = {family.name: family for family in (TEXT, CHESS)}


def find_family(name: str) -> Family:
    """The family of that name, or UnknownName."""
    if name not in FAMILIES:
        raise _unknown("family", name, list(FAMILIES))
    return FAMILIES[name]


def find_members(family: Family, names: Sequence[str]) -> tuple[Member, ...]:
    """The named members, all where none is named; UnknownName tells what is near and what exists."""
    known = {member.name: member for member in family.members}
    for name in names:
        if name not in known:
            raise _unknown(f"{family.name} member", name, list(known))
    return tuple(known[name] for name in dict.fromkeys(names)) or family.members


def _unknown(what: str, name: str, known: Sequence[str]) -> UnknownName:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    return UnknownName(
        f"unknown {what} {name!r}" + (f", near: {', '.join(near)}" if near else ""),
        expected=f"one of {', '.join(known)}",
        mend="w2s-bench zoo list shows all families and members",
    )
