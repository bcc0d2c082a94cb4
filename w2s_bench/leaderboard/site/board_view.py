"""What the pages show of a board: its suite, its entries, and their tie groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from w2s_bench.leaderboard.entry_file import BoardEntry
from w2s_bench.pgr.cells import Cell, Rule
from w2s_bench.pgr.tie_groups import NAIVE, tie_groups
from w2s_bench.records import Domain, TableRow
from w2s_bench.report.tables import TITLES
from w2s_bench.suite import Suite

DOMAINS: tuple[Domain, ...] = ("nlp", "chess", "reward")


@dataclass(frozen=True, slots=True)
class BoardShown:
    """A board with its ranking. ``groups``: by domain and entry, the tie group, 1 the best; reference and
    oracle rows have none. ``archived``: why it takes no new entries, or None."""

    name: str
    suite: Suite
    toml: str
    entries: list[BoardEntry]
    groups: dict[str, dict[str, int]]
    archived: str | None = None

    @property
    def pool(self) -> str:
        """The pool that ranks: held-out tasks where the suite marks development tasks."""
        return "held-out" if self.suite.development else "admitted"

    @property
    def domains(self) -> list[Domain]:
        """Those in which an entry has a cell."""
        there = {r.domain for e in self.entries for r in e.entry.rows}
        return [d for d in DOMAINS if d in there]

    def ordered(self, domain: Domain) -> list[BoardEntry]:
        """Entries with an admitted cell there: by tie group and lead over naive, then the others by gain."""
        there = [(e, e.pool(domain, self.pool)) for e in self.entries]
        scored = [(e, row) for e, row in there if row is not None and row.admitted]
        ranked = self.groups[domain]
        scored.sort(key=lambda pair: _place(ranked.get(pair[0].stem), pair[1]))
        return [e for e, _ in scored]

    def leaders(self, domain: Domain) -> list[BoardEntry]:
        """Those of the first tie group."""
        return [e for e in self.ordered(domain) if self.groups[domain].get(e.stem) == 1]

    def mean_group(self, one: BoardEntry) -> float | None:
        """Mean tie group over the domains in which it is ranked; None unless that is all of them."""
        found = [self.groups[d].get(one.stem) for d in self.domains]
        known = [g for g in found if g is not None]
        return sum(known) / len(known) if known and len(known) == len(found) else None


def _place(group: int | None, row: TableRow) -> tuple[float, float]:
    if group is None:
        return float("inf"), -(row.gain or 0.0)
    return group, -(row.over_naive or 0.0)


def rank(suite: Suite, entries: Sequence[BoardEntry]) -> dict[str, dict[str, int]]:
    """Tie groups of a whole board: entries on the held-out cells that are admitted, domain by domain."""
    rule = Rule.of(suite)
    pools: dict[str, dict[str, list[Cell]]] = {d: {} for d in TITLES}
    plain = next((e.stem for e in entries if e.entry.method == NAIVE), None)
    for one in entries:
        if one.entry.kind != "method":
            continue
        for cell in one.entry.cells():
            if cell.task not in suite.development and cell.refusal(rule) is None:
                name = NAIVE if one.stem == plain else one.stem
                pools[cell.domain].setdefault(name, []).append(cell)
    found = {domain: tie_groups(methods) for domain, methods in pools.items()}
    return {
        domain: {(plain or name) if name == NAIVE else name: group for name, group in groups.items()}
        for domain, groups in found.items()
    }
