"""The view of a board for its pages: suite, entries and their tie groups."""

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
        """The pool that ranks: held-out tasks, if the suite marks development tasks."""
        return "held-out" if self.suite.development else "admitted"

    @property
    def domains(self) -> list[Domain]:
        """The domains in which an entry has a cell."""
        present = {r.domain for e in self.entries for r in e.entry.rows}
        return [d for d in DOMAINS if d in present]

    def ordered(self, domain: Domain) -> list[BoardEntry]:
        """Entries with an admitted cell in a domain: by tie group and lead over naive, then by gain."""
        rows = [(e, e.pool(domain, self.pool)) for e in self.entries]
        scored = [(e, row) for e, row in rows if row is not None and row.admitted]
        ranked = self.groups[domain]
        scored.sort(key=lambda pair: _place(ranked.get(pair[0].stem), pair[1]))
        return [e for e, _ in scored]

    def leaders(self, domain: Domain) -> list[BoardEntry]:
        """The entries of the first tie group."""
        return [e for e in self.ordered(domain) if self.groups[domain].get(e.stem) == 1]

    def mean_group(self, item: BoardEntry) -> float | None:
        """Mean tie group over all domains; None if the entry is not ranked in all of them."""
        groups = [self.groups[d][item.stem] for d in self.domains if item.stem in self.groups[d]]
        return sum(groups) / len(groups) if groups and len(groups) == len(self.domains) else None


def _place(group: int | None, row: TableRow) -> tuple[float, float]:
    if group is None:
        return float("inf"), -(row.gain or 0.0)
    return group, -(row.over_naive or 0.0)


def rank(suite: Suite, entries: Sequence[BoardEntry]) -> dict[str, dict[str, int]]:
    """Tie groups of a board by domain and entry, on the admitted held-out cells of methods."""
    rule = Rule.of(suite)
    pools: dict[str, dict[str, list[Cell]]] = {d: {} for d in TITLES}
    naive = next((e.stem for e in entries if e.entry.method == NAIVE), NAIVE)
    for item in (e for e in entries if e.entry.kind == "method"):
        name = NAIVE if item.stem == naive else item.stem  # tie_groups knows naive by its method's name
        for cell in item.entry.cells():
            if cell.task not in suite.development and cell.refusal(rule) is None:
                pools[cell.domain].setdefault(name, []).append(cell)
    return {
        domain: {naive if name == NAIVE else name: group for name, group in tie_groups(methods).items()}
        for domain, methods in pools.items()
    }
