"""What more parameters and more reading are worth: losses of the shipped members, from their cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from w2s_bench.benchmarks.zoo.families import FAMILIES, Family
from w2s_bench.errors import UserError
from w2s_bench.models.zoo import card, members
from w2s_bench.store.local import atomic_file

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe–Ito
SOURCES = {"world": "the world's text", "lines": "puzzle lines", "selfplay": "self-play", "tcec": "matches"}
Cards = dict[str, dict[str, Any]]


def draw(out: Path) -> list[Path]:
    """Write ``out`` as .png and .svg: a row a family, loss against parameters and against what was read."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    style = {"svg.hashsalt": "w2s-bench", "font.size": 9, "legend.frameon": False}
    with matplotlib.rc_context({**style, "axes.spines.top": False, "axes.spines.right": False}):
        shown = list(_shown())
        figure, axes = pyplot.subplots(len(shown), 2, figsize=(9.5, 3.6 * len(shown)), squeeze=False)
        for (left, right), (family, cards) in zip(axes, shown, strict=True):
            _sizes(left, family, cards)
            _reading(right, family, cards)
        figure.tight_layout()
        paths = [_save(figure, out.with_suffix(ending)) for ending in (".png", ".svg")]
        pyplot.close(figure)
    return paths


def _shown() -> Iterator[tuple[Family, Cards]]:
    """Families with their shipped members' cards, smallest first."""
    names = members()
    if not names:
        raise UserError("no member of the zoo is shipped", mend="build them: w2s-bench zoo build FAMILY")
    for family in FAMILIES.values():
        cards = {n.partition("/")[2]: card(n) for n in names if n.startswith(f"{family.name}/")}
        if cards:
            yield family, cards


def _plain(cards: Cards) -> Cards:
    """First seeds, the whole mixture."""
    return {name: card for name, card in cards.items() if "-" not in name}


def _sizes(axis: Any, family: Family, cards: Cards) -> None:
    """Validation loss by source; a line through the first seeds, hollow marks for the others."""
    plain = _plain(cards)
    for colour, source in zip(COLOURS, next(iter(cards.values()))["validation"], strict=False):
        line = [(c["parameters"], _loss(c, source)) for c in plain.values()]
        if line:
            axis.plot(*zip(*line, strict=True), marker="o", ms=4, color=colour, label=SOURCES[source])
        for name in (n for n in cards if n not in plain):
            mark = "x" if name.endswith("-nolines") else "o"
            point = (cards[name]["parameters"], _loss(cards[name], source))
            axis.plot(*point, marker=mark, ms=6, mfc="none", color=colour, ls="none")
    axis.set(xscale="log", xlabel="parameters", ylabel="validation loss (nats)")
    notes = ["○ second seed"] + ["× without puzzle lines"] * any(n.endswith("-nolines") for n in cards)
    axis.set_title(f"{family.name}  ({', '.join(notes)})", loc="left")
    axis.legend()


def _loss(card: dict[str, Any], source: str) -> float:
    result = card["validation"][source]
    return float(result["loss"] if isinstance(result, dict) else result)


def _reading(axis: Any, family: Family, cards: Cards) -> None:
    """Training loss while reading, in view from a tenth of it on."""
    ends = []
    for colour, (name, member_card) in zip(COLOURS, _plain(cards).items(), strict=False):
        curve = _smooth(member_card["curve"])
        axis.plot(*zip(*curve, strict=True), color=colour, lw=1.2, label=name)
        ends += [loss for seen, loss in curve if seen >= curve[-1][0] / 10]
    axis.set(xlabel=f"{family.unit} seen (millions)", ylabel="training loss (nats)")
    axis.set_title("while reading", loc="left")
    if ends:
        axis.set_ylim(min(ends) - 0.05, max(ends) + 0.1)
        axis.legend()


def _smooth(curve: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """(millions seen, mean loss of a point and its two neighbours)."""
    losses = [loss for _, loss in curve]
    near = [losses[max(0, k - 1) : k + 2] for k in range(len(losses))]
    return [(seen / 1e6, sum(some) / len(some)) for (seen, _), some in zip(curve, near, strict=True)]


def _save(figure: Any, path: Path) -> Path:
    with atomic_file(path) as draft:
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(draft, format=path.suffix[1:], dpi=150, bbox_inches="tight", metadata=metadata)
    return path
